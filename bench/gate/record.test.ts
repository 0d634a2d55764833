import { expect, test } from 'vitest';
import { changesNamed } from './changes.ts';
import { nextChange } from './record.ts';
import { asPair } from './recording.ts';
import { syntheticSeries } from './test-support.ts';
import { pairsOf } from './whole.ts';

test('the change with the fewest pairs goes next, the base against itself twice as often', () => {
  const changes = changesNamed('none,service-5,query-2');
  const have = new Map([['service-5', 2]]);
  const order: string[] = [];
  for (;;) {
    const next = nextChange(changes, have, 3);
    if (next === null) break;
    have.set(next.id, (have.get(next.id) ?? 0) + 1);
    order.push(next.id);
  }
  expect(order.slice(0, 5)).toEqual(['none', 'query-2', 'none', 'none', 'query-2']);
  expect(Object.fromEntries(have)).toEqual({ none: 6, 'service-5': 3, 'query-2': 3 });
});

test('pairs of a whole gate last until the next one began', () => {
  const [first, second, third] = syntheticSeries([{ change: 'none', pairs: 3, spread: 0.01 }]).pairs.map((pair, i) => {
    const startedAt = new Date(Date.UTC(2026, 0, 2) + i * 15_000).toISOString();
    const later = new Date(Date.UTC(2026, 0, 2) + i * 15_000 + 7000).toISOString();
    const timed = { ...pair, base: { ...pair.base, startedAt: later }, candidate: { ...pair.candidate, startedAt } };
    return asPair(timed, i === 0 ? 0 : i - 1, false, i === 0 ? 'noise' : 'judge');
  });
  const trials = [first!, second!, third!].flatMap(({ base, candidate }) => [base, candidate]);
  const pairs = pairsOf({ trials, finishedAt: new Date(Date.UTC(2026, 0, 2) + 41_000).toISOString() });
  expect(pairs.map(({ seconds }) => seconds)).toEqual([15, 15, 11]);
  expect(pairs.map(({ pair }) => `${pair.base.purpose} ${pair.base.pair}`)).toEqual(['noise 0', 'judge 0', 'judge 1']);
});
