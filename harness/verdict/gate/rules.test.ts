import { expect, test } from 'vitest';
import { findMeasure } from '../measures.ts';
import { DEFAULT_TOLERANCES, rulesFor } from './rules.ts';
import { parseTolerance } from './tolerance.ts';

const parse = (text: string) => parseTolerance(text, DEFAULT_TOLERANCES);

test('every measure that is judged exists and has a direction', () => {
  for (const id of Object.keys(DEFAULT_TOLERANCES))
    expect(findMeasure(id)).toMatchObject({ id, better: /lower|higher/ });
});

test('tolerances as people write them, by id or short name', () => {
  expect(parse('p99=10%')).toEqual({ measure: 'latency.p99', scale: 'ratio', tolerance: 0.1 });
  expect(parse(' latency.p50 = 2.5 % ')).toEqual({ measure: 'latency.p50', scale: 'ratio', tolerance: 0.025 });
  expect(parse('hitRatio=0.5pt')).toEqual({ measure: 'cache.hitRatio', scale: 'difference', tolerance: 0.5 });
  expect(parse('errors=1')).toEqual({ measure: 'errors.rate', scale: 'difference', tolerance: 1 });
  expect(parse('oversold=0')).toEqual({ measure: 'stock.oversold', scale: 'difference', tolerance: 0 });
  expect(parse('p50=1.5ms')).toEqual({ measure: 'latency.p50', scale: 'difference', tolerance: 1.5 });
  expect(parse('p99=.2s')).toEqual({ measure: 'latency.p99', scale: 'difference', tolerance: 200 });
});

test('nonsense is refused, and what could mean two things', () => {
  for (const [text, message] of [
    ['p99', 'is no tolerance'],
    ['p99=', 'is no tolerance'],
    ['p99=ten', 'is no tolerance'],
    ['=10%', 'is no tolerance'],
    ['p99=NaN%', 'is no tolerance'],
    ['p99=10', 'lacks its unit'],
    ['p99=-1%', 'below 0'],
    ['p99=2000%', 'more than ten times'],
    ['p99=1pt', 'percentage points'],
    ['errors=1%', 'could mean two things'],
    ['queries=3ms', 'is a time'],
    ['offered=3%', 'has no tolerance'],
  ] as const)
    expect(() => parse(text), text).toThrow(message);
  expect(() => parse('p9=3%')).toThrow(
    expect.objectContaining({ code: 'UNKNOWN_NAME', hint: expect.stringContaining("did you mean 'p9") }),
  );
});

test('rules take the last word on a measure, and a baseline judges counts only', () => {
  const side = rulesFor({ tolerances: ['p99=20%', 'p99=15%', 'peakRate=30%'] }, 'side-by-side');
  expect(side).toMatchObject({ alpha: 0.01, firstLook: 12, lastLook: 24 });
  expect(side.tolerances['latency.p99']).toEqual({ scale: 'ratio', tolerance: 0.15 });
  expect(side.tolerances['db.peakRate']).toEqual({ scale: 'ratio', tolerance: 0.3 });
  const stored = rulesFor({ tolerances: ['p99=20%'], lastLook: 10 }, 'baseline');
  expect(stored).toMatchObject({ firstLook: 6, lastLook: 10 });
  expect(Object.keys(stored.tolerances).filter((id) => findMeasure(id)!.evidence === 'time')).toEqual([]);
  expect(Object.keys(rulesFor({ tolerances: [], only: ['p99', 'errors'] }, 'side-by-side').tolerances)).toEqual([
    'latency.p99',
    'errors.rate',
  ]);
  expect(() => rulesFor({ tolerances: [], only: ['p98'] }, 'side-by-side')).toThrow("there is no measure 'p98'");
  expect(() => rulesFor({ tolerances: [], firstLook: 30 }, 'side-by-side')).toThrow('first look');
  expect(() => rulesFor({ tolerances: [], lastLook: 61 }, 'side-by-side')).toThrow('1 to 60');
  expect(() => rulesFor({ tolerances: [], alpha: 0 }, 'side-by-side')).toThrow('no error rate');
});
