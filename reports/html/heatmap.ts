/** Latency over time as a heatmap in one hue: one path per level of density, so that a long run stays small. */
import type { Timeline } from '../model/timeline.ts';
import type { Axis } from './scales.ts';

const LEVELS = 7;

export interface Heatmap {
  markup: string;
  /** Lowest count of each level that is used, with the last level's highest. */
  steps: number[];
}

/** Draws the cells. Levels are even steps in log of the count, because a few slow requests must stay visible. */
export function heatmap(timeline: Timeline, time: Axis, latency: Axis): Heatmap {
  const { edgesMs, counts, widthMs, tMs } = coarsen(timeline, latency);
  const most = counts.reduce((max, row) => row.reduce((m, v) => Math.max(m, v), max), 0);
  if (most === 0) return { markup: '', steps: [] };
  const levelOf = (count: number): number =>
    count <= 0
      ? -1
      : most === 1
        ? LEVELS - 1
        : Math.min(LEVELS - 1, Math.floor((Math.log(count) / Math.log(most + 1)) * LEVELS));
  const paths = new Array<string>(LEVELS).fill('');
  const half = widthMs / 2;
  for (let b = 0; b + 1 < edgesMs.length; b++) {
    const top = latency.at(edgesMs[b + 1]!);
    const height = latency.at(edgesMs[b]!) - top;
    if (height <= 0) continue;
    // Neighbours of one level become one rectangle.
    for (let from = 0; from < counts.length;) {
      const level = levelOf(counts[from]![b] ?? 0);
      let to = from + 1;
      while (to < counts.length && levelOf(counts[to]![b] ?? 0) === level) to++;
      if (level >= 0) {
        const x = round(Math.max(0, time.at(tMs[from]! - half)));
        const width = round(Math.min(1000, time.at(tMs[to - 1]! + half)) - x);
        paths[level] += `M${x} ${round(top)}h${width}v${round(height)}h-${width}z`;
      }
      from = to;
    }
  }
  const markup = paths
    .map((d, level) => (d ? `<path class="h${level}" shape-rendering="crispEdges" d="${d}"/>` : ''))
    .join('');
  const steps = Array.from({ length: LEVELS }, (_, level) => Math.max(1, Math.ceil((most + 1) ** (level / LEVELS))));
  return { markup, steps: [...new Set([...steps, most])] };
}

/** Cells of at least 4 px and, where requests are few, of at least 40 requests a column: specks say nothing. */
function coarsen(
  timeline: Timeline,
  latency: Axis,
): { edgesMs: number[]; counts: number[][]; widthMs: number; tMs: number[] } {
  const { edgesMs, counts } = timeline.latency;
  const used = counts.filter((row) => row.some((v) => v > 0));
  const perColumn = used.reduce((all, row) => all + row.reduce((a, b) => a + b, 0), 0) / Math.max(1, used.length);
  const columns = Math.max(1, Math.min(Math.ceil(40 / Math.max(1, perColumn)), Math.floor(counts.length / 60) || 1));
  const rows: number[] = [0];
  for (let b = 1; b < edgesMs.length; b++)
    if (b === edgesMs.length - 1 || Math.abs(latency.at(edgesMs[rows.at(-1)!]!) - latency.at(edgesMs[b]!)) >= 4)
      rows.push(b);
  const merged: number[][] = [];
  for (let from = 0; from < counts.length; from += columns)
    merged.push(
      rows.slice(1).map((to, r) => {
        let sum = 0;
        for (const row of counts.slice(from, from + columns)) for (let b = rows[r]!; b < to; b++) sum += row[b] ?? 0;
        return sum;
      }),
    );
  const first = (timeline.tMs[0] ?? 0) - timeline.stepMs / 2;
  const widthMs = timeline.stepMs * columns;
  return {
    edgesMs: rows.map((b) => edgesMs[b]!),
    counts: merged,
    widthMs,
    tMs: merged.map((_, i) => first + (i + 0.5) * widthMs),
  };
}

function round(value: number): number {
  return Number(value.toFixed(1));
}
