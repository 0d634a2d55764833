/**
 * The latency histograms in HdrHistogram's log format 1.3, to be read by its tools and merged with other runs: one
 * interval per phase × operation × outcome × cache outcome × clock, told apart by tag. Values are microseconds.
 */
import { HistogramLogWriter } from 'hdr-histogram-js';
import type { RunResult } from '../harness/contract/result.ts';
import { decodeHistogram } from '../harness/kit/histogram.ts';
import { plainText } from './model/format.ts';

/** Renders the histogram log. Interval_Max is in milliseconds. */
export function renderHistogramLog(result: RunResult): string {
  let text = '';
  const writer = new HistogramLogWriter((line) => (text += line));
  writer.outputComment(plainText(`Cachequake ${result.cachequakeVersion} ${result.runId}: latency in microseconds`));
  writer.outputLogFormatVersion();
  const startSec = result.measuredFromMs / 1000;
  const date = new Date(result.measuredFromMs).toISOString();
  writer.outputComment(`[BaseTime: ${startSec.toFixed(3)} (seconds since epoch)]`);
  writer.outputComment(`[StartTime: ${startSec.toFixed(3)} (seconds since epoch), ${date}]`);
  writer.outputLegend();
  const whole = result.phases.find((phase) => phase.name === 'run');
  for (const record of result.histograms) {
    const phase = result.phases.find((p) => p.name === record.phase) ?? whole;
    const histogram = decodeHistogram(record.hdr);
    histogram.tag = [record.phase, record.operation, record.outcome, record.cacheOutcome ?? 'untold', record.clock]
      .map((part) => part.replace(/[^A-Za-z0-9_-]+/g, '_'))
      .join('.');
    writer.outputIntervalHistogram(histogram, (phase?.fromMs ?? 0) / 1000, (phase?.toMs ?? 0) / 1000);
  }
  return text;
}
