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
  const { edgesMs, counts } = timeline.latency;
  const most = counts.reduce((max, row) => row.reduce((m, v) => Math.max(m, v), max), 0);
  if (most === 0) return { markup: '', steps: [] };
  const levelOf = (count: number): number =>
    count <= 0
      ? -1
      : most === 1
        ? LEVELS - 1
        : Math.min(LEVELS - 1, Math.floor((Math.log(count) / Math.log(most + 1)) * LEVELS));
  const paths = new Array<string>(LEVELS).fill('');
  const half = timeline.stepMs / 2;
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
        const x = round(time.at(timeline.tMs[from]! - half));
        const width = round(time.at(timeline.tMs[to - 1]! + half) - x);
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

function round(value: number): number {
  return Number(value.toFixed(1));
}
