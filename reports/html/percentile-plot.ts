/** Latency by percentile, on the axis 1/(1−p): each step to the right is ten times rarer, and the tail has room. */
import { milliseconds, number } from '../model/format.ts';
import type { PercentileLine } from '../model/percentiles.ts';
import { TABLE_QUANTILES } from '../model/percentiles.ts';
import { percent, renderPlot } from './plot.ts';
import { latencyAxis, rarityAxis } from './scales.ts';
import type { StackColumn } from './time-stack.ts';
import { renderTable } from './table.ts';

export interface NamedLine {
  label: string;
  colour: number;
  dash: number;
  line: PercentileLine;
  /** Exact figures for the table, by TABLE_QUANTILES. */
  quantiles: (number | null)[];
}

/** Draws the lines with their limits; the table beside it holds exact quantiles. */
export function renderPercentilePlot(input: {
  id: string;
  title: string;
  finding: string;
  /** What a row of the table is. */
  rowHead: string;
  lines: NamedLine[];
  limits: { ms: number; quantile: number | null; text: string }[];
}): { markup: string; table: string; data: { id: string; x: number[]; labels: string[]; columns: StackColumn[] } } {
  const height = 250;
  const { id, lines, limits } = input;
  const maxBeyond = Math.max(10, ...lines.map((l) => l.line.points.at(-1)?.beyond ?? 10));
  const x = rarityAxis(maxBeyond);
  const all = lines.flatMap((l) => l.line.points.map((p) => p.ms));
  const y = latencyAxis(
    Math.min(...all.filter((ms) => ms > 0)) * 0.85,
    Math.max(...all, ...limits.map((l) => l.ms)) * 1.15,
    height,
  );
  const front = limits
    .map((limit) => {
      const at = y.at(limit.ms).toFixed(1);
      const dot =
        limit.quantile === null
          ? ''
          : `<circle class="dot" r="3.5" cx="${percent(x.at(1 / (1 - limit.quantile)))}" cy="${at}"/>`;
      return `<line class="limit" x1="0" x2="100%" y1="${at}" y2="${at}"/>${dot}`;
    })
    .join('');
  const grid = Array.from({ length: 61 }, (_, i) => maxBeyond ** (i / 60));
  const columns: StackColumn[] = lines.map((l) => ({
    panel: id,
    label: l.label,
    unit: 'ms',
    values: grid.map((beyond) => msAt(l.line, beyond)),
  }));
  return {
    markup: `<div class="box stack" id="${id}-stack">${renderPlot({
      id,
      title: input.title,
      finding: input.finding,
      heightPx: height,
      yTicks: y.ticks,
      xTicks: x.ticks,
      xLabels: true,
      front,
      lines: lines.map((l) => ({
        label: l.label,
        colour: l.colour,
        dash: l.dash,
        points: l.line.points.map((p) => [x.at(p.beyond), y.at(p.ms)]),
      })),
      endLabels: limits.map((l) => ({ text: `limit ${milliseconds(l.ms)}`, y: y.at(l.ms), class: 'lim' })),
    })}</div>`,
    table: renderTable({
      id: `${id}-data`,
      caption: 'Latency in ms from the intended send. A dash stands where too few requests lie beyond to tell.',
      columns: [
        { label: input.rowHead },
        { label: 'Requests' },
        ...TABLE_QUANTILES.map((q) => ({ label: q.name, sub: 'ms' })),
        { label: 'max', sub: 'ms' },
      ],
      rows: lines.map((l) => ({
        cells: [
          l.label,
          l.line.count.toLocaleString('en-US'),
          ...l.quantiles.map((q) => (q === null ? '–' : { text: number(q), exact: q })),
          { text: number(l.line.maxMs), exact: l.line.maxMs },
        ],
      })),
    }),
    data: {
      id: `${id}-stack`,
      x: grid.map((beyond) => Number(x.at(beyond).toFixed(1))),
      labels: grid.map((beyond) => percentileName(beyond)),
      columns,
    },
  };
}

function msAt(line: PercentileLine, beyond: number): number | null {
  if (beyond > (line.points.at(-1)?.beyond ?? 0) * 1.001) return null;
  return (line.points.find((p) => p.beyond >= beyond * 0.999) ?? line.points.at(-1))?.ms ?? null;
}

/** `p50`, `p99.31`: as many digits as the rarity needs. */
function percentileName(beyond: number): string {
  const digits = Math.max(0, Math.ceil(Math.log10(beyond)) - 1);
  return `p${Number((100 * (1 - 1 / beyond)).toFixed(digits))}`;
}
