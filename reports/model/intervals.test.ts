import { expect, test } from 'vitest';
import type { ComparisonInterval, ComparisonResult } from '../../harness/contract/result.ts';
import { makeComparison } from '../fixtures/make-fixture.ts';
import { renderHtml } from '../html/render.ts';
import { renderMarkdown } from '../markdown.ts';
import { renderTable } from '../terminal.ts';
import { scenariosOf } from './comparison.ts';
import { intervalSentence, intervalTable } from './intervals.ts';

const short = { durationMs: 10_000, fault: null, defences: ['cache-aside', 'lock-wait'] as const };

function interval(init: Partial<ComparisonInterval>): ComparisonInterval {
  return {
    scenario: 'hot-key',
    contender: 'lock-wait',
    against: 'cache-aside',
    measure: 'latency.p99',
    phase: 'run',
    scale: 'ratio',
    effect: -0.2,
    low: -0.25,
    high: -0.145,
    pairs: 10,
    pValue: 0.002,
    adjustedP: 0.004,
    outcome: 'better',
    pairsNeeded: null,
    ...init,
  };
}
function comparisonOf(...intervals: ComparisonInterval[]): ComparisonResult {
  return { ...makeComparison({ ...short, defences: [...short.defences], repeats: 2 }), intervals };
}
const PEAK = { measure: 'db.peakRate', outcome: 'within-noise', effect: 0.01, low: -0.03, high: 0.04 } as const;
const ERRORS = {
  measure: 'errors.rate',
  scale: 'difference',
  outcome: 'worse',
  effect: 1.5,
  low: 1.2,
  high: 2,
} as const;
const FEW = { outcome: 'too-few', low: null, high: null, pairs: 3, pairsNeeded: 9 } as const;

test('each outcome in words, with its interval', () => {
  const [scenario] = scenariosOf(comparisonOf(interval({}), interval(PEAK), interval(ERRORS)));
  const table = intervalTable(scenario!)!;
  expect(table.against).toBe('cache-aside');
  expect(table.measures.map(({ name }) => name)).toEqual(['p99', 'Peak database rate', 'Errors']);
  expect(table.rows).toHaveLength(1);
  expect(table.rows[0]!.cells.map((cell) => `${cell!.text} | ${cell!.range}`.replaceAll('\u00a0', ' '))).toEqual([
    '20 % better | 14.5 to 25 %',
    'within noise | 3 % better to 4 % worse',
    '1.5 points worse | 1.2 to 2 points',
  ]);
});

test('too few repeats say how many are needed', () => {
  const [scenario] = scenariosOf(comparisonOf(interval(FEW)));
  expect(intervalTable(scenario!)!.rows[0]!.cells[0]).toEqual({
    text: 'too few repeats',
    range: '9 needed; 20\u00a0% better seen',
    outcome: 'too-few',
  });
  expect(intervalSentence(scenario!).replaceAll('\u00a0', ' ')).toContain(
    'With 3 repeats no difference, however large, can be told from chance: 9 would be needed.',
  );
});

test('terminal, Markdown and page show it; a comparison without repeats has no such table', () => {
  const result = comparisonOf(interval({}), interval(PEAK));
  const bare = (text: string): string => text.replaceAll(/\u00a0|&nbsp;/g, ' ');
  const terminal = bare(renderTable(result, { colour: false, width: 100 }));
  expect(terminal).toMatch(/Against cache-aside +p99 +Peak database rate/);
  expect(terminal).toMatch(/lock-wait +20 % better \(14\.5 to 25 %\) +within noise \(3 % better to 4 % worse\)/);
  expect(bare(renderMarkdown(result)).replaceAll('\\', '')).toContain(
    '20 % better (14.5 to 25 %) | within noise (3 % better to 4 % worse)',
  );
  const page = bare(renderHtml(result));
  expect(page).toContain('What the repeats show');
  expect(page).toMatch(/<td class="s-pass">20 % better <small>14\.5 to 25 %<\/small><\/td>/);
  // In the matrix too, so that a range is not taken for a difference.
  expect(page).toMatch(/id="s1-lock-wait-run-db-peakrate"[^>]*>[^<]*<small>[^<]*within noise/);
  const once = makeComparison({ ...short, defences: [...short.defences] });
  expect(renderHtml(once)).not.toContain('What the repeats show');
  expect(renderMarkdown(once)).not.toContain('Against');
});

test('names from outside stay text', () => {
  const hostile = '<script>alert(1)</script>|`x`';
  const result = comparisonOf(interval({ contender: hostile, against: hostile }));
  for (const run of result.runs) if (run.plan.label === 'lock-wait') run.plan.label = hostile;
  expect(renderHtml(result)).not.toContain('<script>alert(1)');
  expect(renderMarkdown(result)).not.toContain('<script>');
});
