import { expect, test } from 'vitest';
import type { SampleField } from '../../contract/probe.ts';
import { Growth } from './growth.ts';
import { cutSeries, cutTotals, type RawSample } from './window.ts';

const FIELDS: SampleField[] = [
  { id: 'q', title: 'Queries', unit: '/s', kind: 'counter', totalId: 'total' },
  { id: 'g', title: 'Backends', unit: 'backends', kind: 'gauge', totalId: 'max' },
];

function samples(...rows: [atMs: number, q: number | null, g: number | null][]): RawSample[] {
  return rows.map(([atMs, q, g]) => ({ atMs, values: { q, g } }));
}

test('a counter becomes a rate over the time that really passed; a gauge is kept', () => {
  const taken = samples([950, 100, 1], [1_000, 110, 2], [1_050, 120, 3], [1_150, 130, 4], [1_300, 190, 5]);
  const [rate, level] = cutSeries(FIELDS, taken, 1_000, 1_200);
  expect(rate).toEqual({ id: 'q', title: 'Queries', unit: '/s', tMs: [0, 50, 150], values: [200, 200, 100] });
  expect(level!.values).toEqual([2, 3, 4]);
});

test('next to a sample without a value there is no rate', () => {
  const taken = samples([0, 0, 0], [100, 10, 0], [200, null, null], [300, 40, 0], [400, 50, 0]);
  const [rate] = cutSeries(FIELDS, taken, 0, 400);
  expect(rate).toMatchObject({ tMs: [100, 200, 300, 400], values: [100, null, null, 100] });
});

test('totals are the difference at the bounds, between samples on the straight line, and whole', () => {
  const taken = samples([0, 0, 9], [100, 100, 1], [200, 201, 5], [300, 301, 8]);
  expect(cutTotals(FIELDS, taken, 100, 200)).toEqual({ total: 101, max: 5 });
  expect(cutTotals(FIELDS, taken, 50, 250)).toEqual({ total: 201, max: 5 });
  // Beyond what was sampled, the nearest sample stands.
  expect(cutTotals(FIELDS, taken, -50, 900)).toEqual({ total: 301, max: 9 });
  expect(cutTotals(FIELDS, samples([0, null, null]), 0, 10)).toEqual({});
});

test('a gap in the samples does not lose what was counted in it', () => {
  const taken = samples([0, 0, 0], [100, 100, 0], [200, null, null], [300, null, null], [400, 700, 0]);
  expect(cutTotals(FIELDS, taken, 0, 400).total).toBe(700);
});

test('a counter that begins again goes on growing; one that loses a little does not double', () => {
  const restarted = new Growth();
  expect([1_000, 1_200, 30, 50].map((value) => restarted.of(value))).toEqual([1_000, 1_200, 1_230, 1_250]);
  const evicted = new Growth();
  expect([1_000, 990, 1_010].map((value) => evicted.of(value))).toEqual([1_000, 1_000, 1_020]);
});
