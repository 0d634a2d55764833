/**
 * Where in the percentile range a change sits: the ratio of candidate to base along the percentiles, with a band over
 * the pairs. A change of the code moves the middle, a lost cache or a queue moves the tail.
 */
import { scaleLinear } from 'd3-scale';
import type { GateResult } from '../../harness/contract/gate.ts';
import { milliseconds, number } from '../model/format.ts';
import { percent, renderPlot, WIDTH } from '../html/plot.ts';
import { renderTable } from '../html/table.ts';
import type { StackColumn } from '../html/time-stack.ts';
import { pairsOf, quantileShifts } from './pairs.ts';
import type { QuantileShift } from './pairs.ts';

const HEIGHT_PX = 220;
const NAMED = [0.05, 0.2, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999];

export interface ShiftPlot {
  markup: string;
  table: string;
  data: { id: string; name: string; x: number[]; labels: string[]; columns: StackColumn[] };
}

/** Draws the shift; null where there are no pairs with latencies, as against a stored baseline. */
export function renderShiftPlot(result: GateResult): ShiftPlot | null {
  const shifts = quantileShifts(pairsOf(result));
  if (shifts.length < 2) return null;
  const logit = (q: number): number => Math.log(q / (1 - q));
  const x = scaleLinear()
    .domain([logit(shifts[0]!.quantile), logit(shifts.at(-1)!.quantile)])
    .range([0, WIDTH]);
  const allowed = result.measures.flatMap((measure) => {
    const digits = /^latency\.p(\d+)$/.exec(measure.id)?.[1];
    if (digits === undefined || measure.scale !== 'ratio') return [];
    return [{ quantile: Number(`0.${digits}`), tolerance: measure.tolerance }];
  });
  const reach = [
    ...shifts.flatMap((shift) => [shift.low, shift.high]),
    ...allowed.map((one) => 1 + one.tolerance * 1.1),
    0.98,
    1.02,
  ].map((ratio) => (ratio - 1) * 100);
  const y = scaleLinear()
    .domain([Math.min(...reach), Math.max(...reach)])
    .range([HEIGHT_PX - 6, 8]);
  const yAt = (ratio: number): number => Number(y((ratio - 1) * 100).toFixed(1));
  const xAt = (q: number): number => Number(x(logit(q)).toFixed(1));
  const band = [
    ...shifts.map((shift) => [xAt(shift.quantile), yAt(shift.high)]),
    ...shifts.toReversed().map((shift) => [xAt(shift.quantile), yAt(shift.low)]),
  ];
  const limits = allowed
    .filter((one) => one.quantile >= shifts[0]!.quantile && one.quantile <= shifts.at(-1)!.quantile)
    .map(
      (one) =>
        `<svg x="${percent(xAt(one.quantile))}" y="${yAt(1 + one.tolerance)}" overflow="visible"><line class="limit" x1="-14" x2="14" y1="0" y2="0"/></svg>`,
    );
  const zero = yAt(1);
  const median = shifts.map((shift) => (shift.ratio - 1) * 100);
  return {
    markup: `<div class="box stack" id="shift-stack">${renderPlot({
      id: 'shift',
      title: 'Candidate against base',
      finding: findingOf(shifts),
      heightPx: HEIGHT_PX,
      yTicks: y.ticks(5).map((tick) => ({
        at: y(tick),
        text: `${tick > 0 ? '+' : tick < 0 ? '−' : ''}${number(Math.abs(tick))}\u00a0%`,
      })),
      xTicks: NAMED.filter((q) => shifts.some((shift) => shift.quantile === q)).map((q) => ({
        at: xAt(q),
        text: nameOf(q),
      })),
      xLabels: true,
      under: `<path class="area c2" d="M${band.map((point) => point.join(',')).join('L')}Z"/>`,
      front: `<line class="zero" x1="0" x2="100%" y1="${zero}" y2="${zero}"/>${limits.join('')}`,
      lines: [{ label: 'latency', colour: 2, points: shifts.map((shift) => [xAt(shift.quantile), yAt(shift.ratio)]) }],
      endLabels: [{ text: 'no change', y: zero, class: 'fg' }],
      after: `<div class="swatches">Median over ${shifts[0]!.pairs} pairs of candidate / base; the band is its 95 % interval at each percentile${limits.length > 0 ? ', a dashed mark what the gate allows there' : ''}.</div>`,
    })}</div>`,
    table: renderTable({
      id: 'shift-data',
      caption: 'Latency from the intended send, medians over the pairs',
      columns: [
        { label: 'Percentile' },
        { label: 'Base', sub: 'ms' },
        { label: 'Candidate', sub: 'ms' },
        { label: 'Difference', sub: '%' },
        { label: 'From', sub: '%' },
        { label: 'To', sub: '%' },
        { label: 'Pairs' },
      ],
      rows: shifts.map((shift) => ({
        cells: [
          nameOf(shift.quantile),
          ...[
            shift.baseMs,
            shift.candidateMs,
            (shift.ratio - 1) * 100,
            (shift.low - 1) * 100,
            (shift.high - 1) * 100,
          ].map((value) => ({ text: number(Number(value.toPrecision(3))), exact: value })),
          String(shift.pairs),
        ],
      })),
    }),
    data: {
      id: 'shift-stack',
      name: 'Percentile',
      x: shifts.map((shift) => xAt(shift.quantile)),
      labels: shifts.map((shift) => nameOf(shift.quantile)),
      columns: [
        { panel: 'shift', label: 'difference', unit: '%', values: median },
        { panel: 'shift', label: 'base', unit: 'ms', values: shifts.map((shift) => shift.baseMs) },
        { panel: 'shift', label: 'candidate', unit: 'ms', values: shifts.map((shift) => shift.candidateMs) },
      ],
    },
  };
}

function nameOf(quantile: number): string {
  return `p${Number((quantile * 100).toFixed(2))}`;
}

/** Where the band leaves no room for no change, in words. */
function findingOf(shifts: readonly QuantileShift[]): string {
  // One of so many percentiles may be apart by chance alone; neighbours move together when something moved them.
  const beside = (apart: (shift: QuantileShift) => boolean): QuantileShift[] =>
    shifts.filter(
      (shift, i) => apart(shift) && [shifts[i - 1], shifts[i + 1]].some((other) => other !== undefined && apart(other)),
    );
  const slower = beside((shift) => shift.low > 1);
  const faster = beside((shift) => shift.high < 1);
  const told = (apart: readonly QuantileShift[], word: string): string[] => {
    if (apart.length === 0) return [];
    const most = apart.reduce((a, b) => (Math.abs(b.ratio - 1) > Math.abs(a.ratio - 1) ? b : a));
    const size = number(Number((Math.abs(most.ratio - 1) * 100).toPrecision(2)));
    const where =
      apart.length === shifts.length
        ? 'everywhere'
        : apart.at(-1) === shifts.at(-1) && shifts.indexOf(apart[0]!) === shifts.length - apart.length
          ? `from ${nameOf(apart[0]!.quantile)} up`
          : `between ${nameOf(apart[0]!.quantile)} and ${nameOf(apart.at(-1)!.quantile)}`;
    return [
      `${word} ${where}, most at ${nameOf(most.quantile)}: ${size}\u00a0%, ${milliseconds(most.baseMs)} to ${milliseconds(most.candidateMs)}`,
    ];
  };
  const parts = [...told(slower, 'slower'), ...told(faster, 'faster')];
  return parts.length === 0 ? 'nowhere apart beyond what the pairs differ by themselves' : parts.join('; ');
}
