import { expect, test } from 'vitest';
import { variantsOf } from './variants.ts';

test('stacks alone are named by themselves; without any there is a choice', () => {
  expect(variantsOf({ defence: 'cache-aside,xfetch' })).toEqual([{ defence: 'cache-aside' }, { defence: 'xfetch' }]);
  expect(variantsOf({}).map(({ defence }) => defence)).toEqual(['cache-aside', 'single-flight', 'lock-wait', 'xfetch']);
});

test('every combination, labelled by what differs', () => {
  expect(variantsOf({ write: 'a,b', store: 'redis', vary: ['keys=1,2', 'rate=9'] })).toEqual(
    ['a', 'b'].flatMap((write) =>
      ['1', '2'].map((keys) => ({
        defence: 'cache-aside',
        store: 'redis',
        write,
        set: [`keys=${keys}`, 'rate=9'],
        label: `${write} / ${keys}`,
      })),
    ),
  );
});

test('with an edge and without is a comparison too', () => {
  expect(variantsOf({ edge: 'none,nginx' })).toEqual([
    { defence: 'cache-aside', edge: 'none', label: 'none' },
    { defence: 'cache-aside', edge: 'nginx', label: 'nginx' },
  ]);
});

test('a service of one’s own has no defences, and is compared with itself under other parameters', () => {
  expect(variantsOf({ vary: ['ratePerSec=50,100'] }, true)).toEqual([
    { defence: '', set: ['ratePerSec=50'], label: '50' },
    { defence: '', set: ['ratePerSec=100'], label: '100' },
  ]);
  expect(() => variantsOf({}, true)).toThrow('only one thing to compare');
});

test.each([
  [{ defence: 'xfetch' }, 'only one thing to compare'],
  [{ write: 'a,,b' }, "--write 'a,,b' has an empty name"],
  [{ defence: 'a,a' }, 'names something twice'],
  [{ vary: ['keys'] }, "--vary 'keys' is not parameter=value,value"],
])('%j is refused', (flags, message) => {
  expect(() => variantsOf(flags)).toThrow(message);
});
