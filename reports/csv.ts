/**
 * Everything over time as one tidy CSV file: a line for each value, because probes and generators keep their own
 * clocks. Times are ms from the start of the recorded part; an empty value is a gap.
 */
import type { RunResult } from '../harness/contract/result.ts';

/** Renders slots and probe series; columns `time_ms,series,unit,value` (RFC 4180, CRLF). */
export function renderSeriesCsv(result: RunResult): string {
  const lines = ['time_ms,series,unit,value'];
  const { slots } = result;
  const put = (id: string, unit: string, tMs: readonly number[], values: readonly (number | null)[]): void => {
    const middle = `,${field(id)},${field(unit)},`;
    values.forEach((value, i) => {
      if (tMs[i] !== undefined) lines.push(`${tMs[i]}${middle}${value ?? ''}`);
    });
  };
  const starts = slots.offered.map((_, i) => slots.startedAtMs - result.measuredFromMs + i * slots.slotMs);
  const perSlot = `per ${slots.slotMs} ms`;
  put('load.offered', perSlot, starts, slots.offered);
  put('load.sent', perSlot, starts, slots.sent);
  put('load.completed', perSlot, starts, slots.completed);
  put('load.dropped', perSlot, starts, slots.dropped);
  put('load.maxInFlight', 'requests', starts, slots.maxInFlight);
  for (const [outcome, counts] of Object.entries(slots.outcomes)) put(`outcome.${outcome}`, perSlot, starts, counts);
  for (const [outcome, counts] of Object.entries(slots.cacheOutcomes)) put(`cache.${outcome}`, perSlot, starts, counts);
  for (const series of result.series) put(series.id, series.unit, series.tMs, series.values);
  return `${lines.join('\r\n')}\r\n`;
}

/** Quotes where needed. Text that a spreadsheet would take for a formula gets an apostrophe before it. */
function field(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
}
