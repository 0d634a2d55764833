import { expect, test } from 'vitest';
import { PhaseMarks } from './phase-marks.ts';

test('without marks everything is before', () => {
  expect(new PhaseMarks().phaseOf(1e9, 2e9)).toBe('before');
});

test('requests belong to a phase by intended arrival, those in flight at the strike to during', () => {
  const marks = new PhaseMarks();
  marks.mark('during', 1000);
  marks.mark('after', 2000);
  expect(marks.phaseOf(900, 999)).toBe('before');
  expect(marks.phaseOf(900, 1000)).toBe('during');
  expect(marks.phaseOf(900, 5000)).toBe('during');
  expect(marks.phaseOf(1000, 1001)).toBe('during');
  expect(marks.phaseOf(1999, 9000)).toBe('during');
  expect(marks.phaseOf(2000, 2001)).toBe('after');
});

test('a second fault begins a second during, in whatever order its marks arrive', () => {
  const marks = new PhaseMarks();
  marks.mark('during', 3000);
  marks.mark('during', 1000);
  marks.mark('after', 2000);
  expect(marks.phaseOf(2500, 2600)).toBe('after');
  expect(marks.phaseOf(2500, 3100)).toBe('during');
  expect(marks.phaseOf(3500, 3600)).toBe('during');
});
