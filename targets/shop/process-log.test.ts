import { expect, test } from 'vitest';
import { createLog } from './process-log.ts';

test('the same line is written once a second, with how often it was held back', async () => {
  let nowMs = 1_000_000;
  const lines: string[] = [];
  const log = createLog('shop-1', { nowMs: () => nowMs, sleep: async () => {} }, (line) => lines.push(line));
  for (let i = 0; i < 500; i++) log.warn('redis: away');
  log.info('something else');
  nowMs += 1_001;
  log.warn('redis: away');
  expect(lines.map((line) => line.slice(25))).toEqual([
    'shop-1 warn redis: away',
    'shop-1 info something else',
    'shop-1 warn redis: away (and 499 times more)',
  ]);
});
