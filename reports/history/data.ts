/** A history as data, for other tools: JSON with everything, CSV with a line for each point. */
import type { History } from './history.ts';

/** Renders a history as JSON. */
export function renderHistoryJson(history: History): string {
  const { groups, ...rest } = history;
  return `${JSON.stringify({ kind: 'history', ...rest, groups }, null, 2)}\n`;
}

/** Renders a history as CSV (RFC 4180); `change` is `worse`, `better` or `other` where a new level begins. */
export function renderHistoryCsv(history: History): string {
  const { measure, phase } = history;
  const lines = ['group,experiment,machine,started_at,run_id,commit,measure,phase,unit,value,change'];
  for (const group of history.groups)
    group.points.forEach((point, i) => {
      const change = group.changes.find((one) => one.index === i);
      const word = change ? (change.worse === null ? 'other' : change.worse ? 'worse' : 'better') : '';
      lines.push(
        [
          group.id,
          group.title,
          group.machine.fingerprint,
          point.startedAt,
          point.runId,
          point.commit ?? '',
          measure.id,
          phase,
          measure.unit,
          String(point.value),
          word,
        ]
          .map(field)
          .join(','),
      );
    });
  return `${lines.join('\r\n')}\r\n`;
}

/** Quotes where needed. Text that a spreadsheet would take for a formula gets an apostrophe before it. */
function field(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
}
