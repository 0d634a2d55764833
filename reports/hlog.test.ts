import { HistogramLogReader, listTags } from 'hdr-histogram-js';
import { expect, test } from 'vitest';
import { HOSTILE } from './fixtures/hostile.ts';
import { makeRun } from './fixtures/make-fixture.ts';
import { renderHistogramLog } from './hlog.ts';

test('a reader of the format finds every histogram with its counts, times and tag', () => {
  const run = makeRun({ durationMs: 20_000, fault: { fromMs: 8000, toMs: 12_000 } });
  const log = renderHistogramLog(run);
  const reader = new HistogramLogReader(log);
  for (const record of run.histograms) {
    const histogram = reader.nextIntervalHistogram()!;
    expect(histogram.totalCount).toBe(record.count);
    expect(histogram.tag.startsWith(`${record.phase}.${record.operation}.${record.outcome}.`)).toBe(true);
    const phase = run.phases.find((p) => p.name === record.phase)!;
    expect(histogram.startTimeStampMsec).toBeCloseTo(run.measuredFromMs + phase.fromMs, 0);
    expect(histogram.endTimeStampMsec).toBeCloseTo(run.measuredFromMs + phase.toMs, 0);
  }
  expect(reader.nextIntervalHistogram()).toBeNull();
});

test('hostile names break no line and no tag', () => {
  const run = makeRun({ durationMs: 4000, fault: null });
  run.runId += HOSTILE;
  run.histograms = run.histograms.slice(0, 1).map((h) => ({ ...h, operation: HOSTILE as typeof h.operation }));
  const log = renderHistogramLog(run);
  expect(log.trimEnd().split('\n')).toHaveLength(6);
  expect(listTags(log)).toEqual([expect.stringMatching(/^before\.[A-Za-z0-9_-]+\.ok\.[a-z]+\.intended$/)]);
});
