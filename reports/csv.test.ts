import { expect, test } from 'vitest';
import { HOSTILE } from './fixtures/hostile.ts';
import { makeRun } from './fixtures/make-fixture.ts';
import { renderSeriesCsv } from './csv.ts';

test('a line for each value of each series; a gap is an empty value', () => {
  const run = makeRun({ durationMs: 20_000, fault: { fromMs: 8000, toMs: 12_000 } });
  const lines = renderSeriesCsv(run).trimEnd().split('\r\n');
  expect(lines[0]).toBe('time_ms,series,unit,value');
  const of = (id: string): string[][] => lines.map((line) => line.split(',')).filter((cells) => cells[1] === id);
  expect(of('load.offered').map((cells) => Number(cells[3]))).toEqual(run.slots.offered);
  const redis = run.series.find((s) => s.id === 'redis.opsPerSec')!;
  expect(of('redis.opsPerSec').map((cells) => (cells[3] === '' ? null : Number(cells[3])))).toEqual(redis.values);
  expect(of('redis.opsPerSec').some((cells) => cells[3] === '')).toBe(true);
});

test('hostile units are quoted and are no formulas', () => {
  const run = makeRun({ durationMs: 4000, fault: null });
  run.series = [{ id: '=cmd()', title: 'x', unit: HOSTILE, tMs: [0], values: [1] }];
  const last = renderSeriesCsv(run).split('\r\n').slice(-2)[0]!;
  expect(last.startsWith('0,\'=cmd(),"</script>')).toBe(true);
  expect(last.endsWith('",1')).toBe(true);
});
