import { expect, test } from 'vitest';
import { formatDuration, parseDurationMs } from './units.ts';

test.each([
  ['500ms', 500],
  ['10s', 10_000],
  ['1.5m', 90_000],
  ['2h', 7_200_000],
])('%s is %d ms', (text, ms) => {
  expect(parseDurationMs(text, 'duration')).toBe(ms);
});

test.each(['10', '', 's', '-1s', '1 day', '1e3s'])('%j is refused with a hint', (text) => {
  expect(() => parseDurationMs(text, '--duration')).toThrow(/--duration/);
});

test('durations are written short', () => {
  expect(formatDuration(850.4)).toBe('850ms');
  expect(formatDuration(12_500)).toBe('12.5s');
  expect(formatDuration(200_000)).toBe('3m 20s');
  expect(formatDuration(120_000)).toBe('2m');
});
