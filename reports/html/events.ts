/** What happened to the system from outside: faults as they were observed, the first breach of a limit, recovery. */
import { html as esc } from 'ghtml';
import type { RunResult } from '../../harness/contract/result.ts';
import { list, milliseconds, number, seconds } from '../model/format.ts';
import { latencyLimits } from '../model/measures.ts';
import type { Timeline } from '../model/timeline.ts';
import { percent, WIDTH } from './plot.ts';
import type { Axis } from './scales.ts';

export interface Events {
  bands: { id: string; label: string; fromMs: number; toMs: number; confirmed: boolean }[];
  marks: { label: string; atMs: number; sentence: string; band?: boolean }[];
}

/** Fault bands and marks of a run, in ms of the recorded part. */
export function eventsOf(run: RunResult, timeline: Timeline): Events {
  const bands = run.faults.map((fault, i) => ({
    id: `fault-${i + 1}`,
    label: fault.fault,
    fromMs: fault.injectedAtMs - run.measuredFromMs,
    toMs: Math.max(fault.injectedAtMs, fault.healedAtMs) - run.measuredFromMs,
    confirmed: fault.confirmation.active && fault.error === null,
  }));
  const marks: Events['marks'] = [];
  for (const band of bands) {
    const name = band.confirmed ? band.label : `${band.label} (not confirmed)`;
    const lasting = band.toMs - band.fromMs > 1;
    marks.push({
      label: name,
      band: true,
      atMs: band.fromMs,
      sentence: lasting
        ? `${name} from ${seconds(band.fromMs)} s to ${seconds(band.toMs)} s`
        : `${name} at ${seconds(band.fromMs)} s`,
    });
    if (lasting) marks.push({ label: 'healed', atMs: band.toMs, sentence: '' });
  }
  const breach = firstBreach(run, timeline);
  if (breach)
    marks.push({
      label: 'first breach',
      atMs: breach.atMs,
      sentence: `p99 first beyond ${milliseconds(breach.limitMs)} in the second around ${seconds(breach.atMs)} s`,
    });
  for (const recovery of run.recovery) {
    if (recovery.recoveredAtMs !== null && recovery.recoverySec !== null && recovery.status === 'recovered')
      marks.push({
        label: `recovered after ${number(recovery.recoverySec)} s`,
        atMs: recovery.recoveredAtMs - run.measuredFromMs,
        sentence: `recovered ${number(recovery.recoverySec)} s after the heal`,
      });
    else if (recovery.status === 'never')
      marks.push({ label: '', atMs: 0, sentence: `no recovery from ${recovery.fault} within the run` });
  }
  return { bands, marks: marks.sort((a, b) => a.atMs - b.atMs) };
}

/** The events as one sentence; empty where there were none. */
export function eventsSentence(events: Events): string {
  const parts = events.marks.map((m) => m.sentence).filter((s) => s !== '');
  return parts.length === 0 ? '' : `${list(parts)}.`;
}

/** The bands, for the background of every panel. */
export function renderBands(events: Events, time: Axis): string {
  return events.bands
    .map((band) => {
      const from = clamp(time.at(band.fromMs));
      const to = clamp(time.at(band.toMs));
      const rect =
        to > from
          ? esc`<rect class="band" data-fault="${band.label}" x="${percent(from)}" y="0" width="${percent(to - from)}" height="100%"/>`
          : '';
      return `${rect}${[from, to].map((x) => `<line class="mark" x1="${percent(x)}" x2="${percent(x)}" y1="0" y2="100%"/>`).join('')}`;
    })
    .join('');
}

/** The lane over the stack that names bands and marks. Said in words beside it, so hidden from screen readers. */
export function renderEvents(events: Events, time: Axis): string {
  const shown = events.marks.filter((mark) => mark.label !== '');
  if (shown.length === 0) return '';
  const ends: number[] = [];
  const texts = shown.map((mark) => {
    const x = clamp(time.at(mark.atMs));
    // Widths in x units, generous, so that labels on one row do not touch at the narrowest desktop width.
    const width = mark.label.length * 9 + 14;
    const toLeft = x + width > WIDTH + 150;
    const from = toLeft ? x - width : x;
    let row = ends.findIndex((end) => end <= from);
    if (row < 0) row = ends.push(0) - 1;
    ends[row] = from + width;
    return { mark, x, row, toLeft };
  });
  const height = ends.length * 16 + 2;
  const markup = texts
    .map(
      ({ mark, x, row, toLeft }) =>
        esc`<line class="mark" x1="${percent(x)}" x2="${percent(x)}" y1="${row * 16 + 4}" y2="${height}"/><text class="mk!${toLeft ? ' e' : ''}!${mark.band ? '' : ' minor'}" x="${percent(x)}" dx="${toLeft ? -4 : 4}" y="${row * 16 + 13}">${mark.label}</text>`,
    )
    .join('');
  return `<div class="plot lane" aria-hidden="true"><svg height="${height}">${markup}</svg></div>`;
}

function firstBreach(run: RunResult, timeline: Timeline): { atMs: number; limitMs: number } | null {
  const limits = latencyLimits(run).filter((limit) => limit.quantile === 0.99);
  const limitMs = Math.min(...limits.map((limit) => limit.ms));
  const i = timeline.p99.values.findIndex((value) => value !== null && value > limitMs);
  return i < 0 ? null : { atMs: timeline.p99.tMs[i]!, limitMs };
}

function clamp(x: number): number {
  return Math.min(WIDTH, Math.max(0, x));
}
