import { expect, test } from 'vitest';
import { markdownTable, replaceMeasured } from './page.ts';

const PAGE = 'before\n\n<!-- measured: begin -->\nold\n<!-- measured: end -->\n\nafter\n';

test('only what stands between the marks is replaced, and again', () => {
  const once = replaceMeasured(PAGE, 'new');
  expect(once).toBe('before\n\n<!-- measured: begin -->\n\nnew\n\n<!-- measured: end -->\n\nafter\n');
  expect(replaceMeasured(once, 'new')).toBe(once);
});

test('a page without the marks is refused', () => {
  expect(() => replaceMeasured('nothing', 'new')).toThrow(/has no part between/);
  expect(() => replaceMeasured('<!-- measured: end --> <!-- measured: begin -->', 'new')).toThrow(/has no part/);
});

test('a table has a line for its head, and bars in cells do not break it', () => {
  expect(markdownTable(['a', 'b'], [['1 | 2', '3']])).toBe('| a | b |\n| --- | --- |\n| 1 \\| 2 | 3 |');
});
