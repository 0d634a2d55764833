/**
 * The stack of panels on one time axis: what was asked, what the database felt, how long readers waited, what failed.
 * Fault bands run through every panel at the times at which the fault was seen to act.
 */
import { html as esc } from 'ghtml';
import type { RunResult } from '../../harness/contract/result.ts';
import {
  activeFinding,
  databaseFinding,
  errorsFinding,
  hitFinding,
  latencyFinding,
  memoryFinding,
  OUTCOME_NAMES,
  rateFinding,
  redisFinding,
} from '../model/findings.ts';
import { milliseconds, number, seconds } from '../model/format.ts';
import { latencyLimits } from '../model/measures.ts';
import { sampleAt, seriesById, thin, timelineOf } from '../model/timeline.ts';
import type { TimeLine, Timeline } from '../model/timeline.ts';
import { heatmap } from './heatmap.ts';
import { eventsOf, renderBands, renderEvents } from './events.ts';
import { renderPlot, WIDTH } from './plot.ts';
import type { Plot, PlotLine } from './plot.ts';
import { amountAxis, latencyAxis, timeAxis } from './scales.ts';
import type { Axis } from './scales.ts';
import { renderTable } from './table.ts';

/** A column of the data table and of the cursor. */
export interface StackColumn {
  panel: string;
  label: string;
  unit: string;
  values: (number | null)[];
}
export interface TimeStack {
  markup: string;
  table: string;
  /** For the cursor. */
  data: { id: string; x: number[]; durationMs: number; columns: StackColumn[] };
}

interface Draft {
  plot: Omit<Plot, 'xTicks' | 'xLabels' | 'back' | 'lines'> & { lines: PlotLine[] };
  columns: { label: string; unit: string; line: TimeLine }[];
}

/** Draws the stack of one run. */
export function renderTimeStack(run: RunResult): TimeStack {
  const timeline = timelineOf(run);
  const time = timeAxis(timeline.durationMs);
  const events = eventsOf(run, timeline);
  const bands = renderBands(events, time);
  const drafts = [
    ratePanel(run, timeline, time),
    linePanel(run, time, 'panel-db', 'Database queries per second', databaseFinding(run), 112, [
      { id: 'db.queriesPerSec', label: 'queries/s', unit: '/s', colour: 2, area: true },
    ]),
    linePanel(run, time, 'panel-db-active', 'Database queries at work and waiting', activeFinding(run), 72, [
      { id: 'db.active', label: 'active', unit: '', colour: 2 },
      { id: 'db.waiting', label: 'waiting', unit: '', colour: 4, dash: 1 },
    ]),
    latencyPanel(run, timeline, time),
    errorsPanel(run, timeline, time),
    hitPanel(run, timeline, time),
    linePanel(run, time, 'panel-redis', 'Redis operations per second', redisFinding(run), 64, [
      { id: 'redis.opsPerSec', label: 'operations/s', unit: '/s', colour: 1 },
    ]),
    linePanel(run, time, 'panel-redis-memory', 'Redis memory', memoryFinding(run), 52, [
      { id: 'redis.memoryBytes', label: 'memory', unit: 'bytes', colour: 3 },
    ]),
  ].filter((draft): draft is Draft => draft !== null);
  const markup = drafts
    .map((draft, i) => renderPlot({ ...draft.plot, xTicks: time.ticks, xLabels: i === drafts.length - 1, back: bands }))
    .join('\n');
  const columns = drafts.flatMap((draft) =>
    draft.columns.map((c) => ({
      panel: draft.plot.id,
      label: c.label,
      unit: c.unit,
      values:
        c.line.tMs === timeline.tMs ? c.line.values : sampleAt(c.line, timeline.tMs, Math.max(1000, timeline.stepMs)),
    })),
  );
  const table = renderTable({
    id: 'data-time',
    caption: `Each row is ${milliseconds(timeline.stepMs)}, named by its middle. Everything as measured is in series.csv.`,
    tall: true,
    columns: [{ label: 'Time', sub: 's' }, ...columns.map((c) => ({ label: c.label, sub: c.unit }))],
    rows: timeline.tMs.map((t, i) => ({
      cells: [seconds(t), ...columns.map((c) => (c.values[i] === null ? '–' : number(c.values[i])))],
    })),
  });
  return {
    markup: `<div class="box stack" id="stack">${renderEvents(events, time)}${markup}</div>`,
    table,
    data: {
      id: 'stack',
      x: timeline.tMs.map((t) => Number(time.at(t).toFixed(1))),
      durationMs: timeline.durationMs,
      columns,
    },
  };
}

function ratePanel(run: RunResult, timeline: Timeline, time: Axis): Draft {
  const height = 92;
  const differs = timeline.offered.some((v, i) => Math.abs(v - timeline.achieved[i]!) > v * 0.02 + 1);
  const lines = [
    { label: differs ? 'offered' : 'offered = sent', values: timeline.offered, colour: 5, dash: 1 },
    ...(differs ? [{ label: 'sent', values: timeline.achieved, colour: 3, dash: 2 }] : []),
    { label: 'answered', values: timeline.answered, colour: 1, dash: 0 },
  ];
  const axis = amountAxis(Math.max(...lines.flatMap((l) => l.values)), height);
  return {
    plot: {
      id: 'panel-rate',
      title: 'Requests per second',
      finding: rateFinding(run, timeline),
      heightPx: height,
      yTicks: axis.ticks,
      lines: lines.map((l) => ({ ...l, points: pointsOf({ tMs: timeline.tMs, values: l.values }, time, axis) })),
    },
    columns: lines.map((l) => ({ label: l.label, unit: '/s', line: { tMs: timeline.tMs, values: l.values } })),
  };
}

/** A panel of probe lines; null where the run has none of them. */
function linePanel(
  run: RunResult,
  time: Axis,
  id: string,
  title: string,
  finding: string,
  height: number,
  wanted: { id: string; label: string; unit: string; colour: number; dash?: number; area?: boolean }[],
): Draft | null {
  const found = wanted.flatMap((w) => {
    const line = seriesById(run, w.id);
    return line ? [{ ...w, line }] : [];
  });
  if (found.length === 0) return null;
  const axis = amountAxis(
    Math.max(1, ...found.flatMap((f) => f.line.values.map((v) => v ?? 0))),
    height,
    found[0]!.unit === 'bytes' ? 'bytes' : '',
  );
  return {
    plot: {
      id,
      title,
      finding,
      heightPx: height,
      yTicks: axis.ticks,
      lines: found.map((f) => ({
        label: f.label,
        colour: f.colour,
        ...(f.dash ? { dash: f.dash } : {}),
        ...(f.area ? { areaTo: height } : {}),
        points: pointsOf(thin(f.line), time, axis),
      })),
    },
    columns: found.map((f) => ({ label: f.label, unit: f.unit, line: f.line })),
  };
}

function latencyPanel(run: RunResult, timeline: Timeline, time: Axis): Draft {
  const height = 196;
  const limits = latencyLimits(run);
  const { edgesMs, counts } = timeline.latency;
  const used = edgesMs.slice(0, -1).flatMap((_, b) => (counts.some((row) => row[b]! > 0) ? [b] : []));
  const low = edgesMs[used[0] ?? 0] ?? 0.1;
  const high = Math.max(edgesMs[(used.at(-1) ?? 0) + 1] ?? 1000, ...limits.map((l) => l.ms * 1.1));
  const axis = latencyAxis(low, high * 1.12, height);
  const heat = heatmap(timeline, time, axis);
  const limitLines = limits
    .map(
      (l) => `<line class="limit" x1="0" x2="100%" y1="${axis.at(l.ms).toFixed(1)}" y2="${axis.at(l.ms).toFixed(1)}"/>`,
    )
    .join('');
  const swatches = heat.steps
    .slice(0, -1)
    .map((_, level) => `<svg class="key" aria-hidden="true"><rect class="h${level}" width="13" height="10"/></svg>`)
    .join('');
  return {
    plot: {
      id: 'panel-latency',
      title: 'Latency',
      finding: latencyFinding(run),
      heightPx: height,
      yTicks: axis.ticks,
      under: heat.markup,
      front: limitLines,
      lines: [{ label: 'p99', colour: 0, steps: true, points: toEdges(pointsOf(timeline.p99, time, axis)) }],
      endLabels: limits.map((l) => ({ text: `limit ${milliseconds(l.ms)}`, y: axis.at(l.ms), class: 'lim' })),
      after: esc`<div class="swatches">Requests in a cell: ${heat.steps[0] ?? 0} !${swatches} ${number(heat.steps.at(-1) ?? 0)}. The line is p99 of each second.</div>`,
    },
    columns: [{ label: 'p99', unit: 'ms', line: timeline.p99 }],
  };
}

function errorsPanel(run: RunResult, timeline: Timeline, time: Axis): Draft {
  const classes = [
    ...timeline.errors.map((e) => ({ label: OUTCOME_NAMES[e.outcome], perSec: e.perSec })),
    ...(timeline.shed.total > 0 ? [{ label: 'shed', perSec: timeline.shed.perSec }] : []),
  ].slice(0, 6);
  const height = classes.length === 0 ? 18 : 66;
  const axis = amountAxis(Math.max(1, ...classes.flatMap((c) => c.perSec)), height);
  const looks = [
    [2, 0],
    [4, 1],
    [1, 2],
    [0, 3],
    [3, 0],
    [5, 1],
  ] as const;
  const columns = classes.map((c) => ({ label: c.label, unit: '/s', line: { tMs: timeline.tMs, values: c.perSec } }));
  return {
    plot: {
      id: 'panel-errors',
      title: 'Errors per second',
      finding: errorsFinding(run, timeline),
      heightPx: height,
      yTicks: classes.length === 0 ? axis.ticks.slice(0, 1) : axis.ticks,
      lines: columns.map((c, i) => ({
        label: c.label,
        colour: looks[i]![0],
        dash: looks[i]![1],
        ...(i === 0 ? { areaTo: height } : {}),
        points: pointsOf(c.line, time, axis),
      })),
    },
    columns,
  };
}

function hitPanel(run: RunResult, timeline: Timeline, time: Axis): Draft | null {
  if (!timeline.hitPercent.some((v) => v !== null)) return null;
  const height = 66;
  const axis = amountAxis(100, height, '%');
  const line = { tMs: timeline.tMs, values: timeline.hitPercent };
  return {
    plot: {
      id: 'panel-hits',
      title: 'Hit ratio',
      finding: hitFinding(run),
      heightPx: height,
      yTicks: axis.ticks,
      lines: [{ label: 'hits', colour: 1, points: pointsOf(line, time, axis) }],
    },
    columns: [{ label: 'hits', unit: '%', line }],
  };
}

/** A line of steps reaches from the first step's beginning to the last one's end. */
function toEdges(points: PlotLine['points']): PlotLine['points'] {
  const [first, second] = points;
  const last = points.at(-1);
  if (!first || !second || !last) return points;
  const half = (second[0] - first[0]) / 2;
  return [[Math.max(0, first[0] - half), first[1]], ...points, [Math.min(WIDTH, last[0] + half), last[1]]];
}

function pointsOf(line: TimeLine, time: Axis, axis: Axis): PlotLine['points'] {
  return line.tMs.map((t, i) => [time.at(t), line.values[i] === null ? null : axis.at(line.values[i]!)]);
}
