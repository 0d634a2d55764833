/**
 * Cuts what was sampled to the recorded part of a run: counters become rates over the time that really passed, and
 * totals are the difference between the bounds. Pure functions, so that the figures can be checked without servers.
 */
import type { SampleField, Series } from '../../contract/probe.ts';

export interface RawSample {
  /** Epoch ms, halfway between question and answer. */
  atMs: number;
  values: Readonly<Record<string, number | null>>;
}

/**
 * One line over time for each field, times from `fromMs`. A counter's value is its growth per second since the sample
 * before; it is null next to a sample without a value, and where the counter fell.
 */
export function cutSeries(
  fields: readonly SampleField[],
  samples: readonly RawSample[],
  fromMs: number,
  toMs: number,
): Series[] {
  return fields.map(({ id, title, unit, kind }) => {
    const series: Series = { id, title, unit, tMs: [], values: [] };
    samples.forEach((sample, index) => {
      if (sample.atMs < fromMs || sample.atMs > toMs) return;
      const value = kind === 'gauge' ? (sample.values[id] ?? null) : ratePerSec(id, samples[index - 1], sample);
      if (value === null && kind === 'counter' && index === 0) return;
      series.tMs.push(Math.round((sample.atMs - fromMs) * 10) / 10);
      series.values.push(value);
    });
    return series;
  });
}

function ratePerSec(id: string, before: RawSample | undefined, sample: RawSample): number | null {
  const [was, is] = [before?.values[id] ?? null, sample.values[id] ?? null];
  if (!before || was === null || is === null || is < was || sample.atMs <= before.atMs) return null;
  return ((is - was) / (sample.atMs - before.atMs)) * 1_000;
}

/** The totals that fields name: growth of a counter between the bounds, the highest value of a gauge within them. */
export function cutTotals(
  fields: readonly SampleField[],
  samples: readonly RawSample[],
  fromMs: number,
  toMs: number,
): Record<string, number> {
  const totals: Record<string, number> = {};
  for (const { id, kind, totalId } of fields) {
    if (totalId === undefined) continue;
    const known = samples.flatMap((sample) => {
      const value = sample.values[id] ?? null;
      return value === null ? [] : [{ atMs: sample.atMs, value }];
    });
    if (kind === 'counter') {
      const [start, end] = [valueAt(known, fromMs), valueAt(known, toMs)];
      if (start !== null && end !== null) totals[totalId] = Math.max(0, end - start);
    } else {
      const within = known.filter((sample) => sample.atMs >= fromMs && sample.atMs <= toMs);
      if (within.length > 0) totals[totalId] = within.reduce((max, { value }) => Math.max(max, value), -Infinity);
    }
  }
  return totals;
}

/** A counter at a moment, on the straight line between the samples around it; whole where the counter is whole. */
function valueAt(known: readonly { atMs: number; value: number }[], atMs: number): number | null {
  const [first, last] = [known[0], known.at(-1)];
  if (!first || !last) return null;
  if (atMs <= first.atMs) return first.value;
  if (atMs >= last.atMs) return last.value;
  const next = known.findIndex((sample) => sample.atMs >= atMs);
  const [before, after] = [known[next - 1]!, known[next]!];
  const value = before.value + ((after.value - before.value) * (atMs - before.atMs)) / (after.atMs - before.atMs);
  return Number.isInteger(before.value) && Number.isInteger(after.value) ? Math.round(value) : value;
}
