/**
 * The forest plot of a gate: for each measure the effect with its interval, over the band of what is let pass. Ratios
 * share one axis in per cent; differences have an axis for each unit, because points and bytes do not compare.
 */
import { html as esc } from 'ghtml';
import { scaleLinear } from 'd3-scale';
import type { GateResult, MeasureDecision } from '../../harness/contract/gate.ts';
import { list, number, plural, unitLabel } from '../model/format.ts';
import { percent, renderPlot, WIDTH } from '../html/plot.ts';
import { clip } from '../terminal-text.ts';
import { allowedText, effectText, intervalText, mattersFirst, OUTCOMES, shortTitle } from './outcomes.ts';

/** Room for one measure: its name, and its interval under it. */
const ROW_PX = 46;
const TOP_PX = 22;
/** Nothing is drawn further out than so many times what is usually allowed, so that small bands stay readable. */
const MOST_TOLERANCES = 16;

/** All forests of a gate, one for each scale and unit; empty where no effect is known. */
export function renderForests(result: GateResult): string {
  const known = mattersFirst(result.measures).filter(
    (measure) => measure.effect !== null && measure.outcome !== 'reported',
  );
  const groups = Map.groupBy(known, (measure) => (measure.scale === 'ratio' ? '' : unitOf(measure)));
  return [...groups.entries()]
    .sort(([a], [b]) => Number(a !== '') - Number(b !== ''))
    .map(([unit, measures], i) => {
      const plot = renderForest(measures, unit, i + 1);
      return `<div class="box">${plot}</div>`;
    })
    .join('');
}

function unitOf(measure: MeasureDecision): string {
  return measure.unit === '%' ? 'points' : unitLabel(measure.unit) || 'in absolute terms';
}

function renderForest(measures: MeasureDecision[], unit: string, nth: number): string {
  const factor = unit === '' ? 100 : 1;
  const { low, high } = domainOf(measures);
  const scale = scaleLinear()
    .domain([low * factor, high * factor])
    .range([0, WIDTH]);
  const at = (effect: number): number => scale(Math.min(high, Math.max(low, effect)) * factor);
  const height = TOP_PX + measures.length * ROW_PX;
  const zero = percent(at(0));
  const rows = measures.map((measure, i) => renderRow(measure, TOP_PX + i * ROW_PX, at, { low, high }));
  const ticks = scale.ticks(7);
  return renderPlot({
    id: `forest-${nth}`,
    title: unit === '' ? 'Change in per cent' : `Change, ${unit === 'points' ? 'percentage points' : unit}`,
    finding: `${findingOf(measures)} The band is what is let pass.`,
    heightPx: height,
    yTicks: [],
    xTicks: ticks.map((tick) => ({
      at: scale(tick),
      text: `${tick > 0 ? '+' : tick < 0 ? '−' : ''}${number(Math.abs(tick))}${unit === '' ? '\u00a0%' : ''}`,
    })),
    xLabels: true,
    lines: [],
    bare: true,
    back: rows.map((row) => row.band).join(''),
    front: `<line class="zero" x1="${zero}" x2="${zero}" y1="0" y2="${height}"/><text class="t e" x="${zero}" dx="-8" y="14">← better</text><text class="t" x="${zero}" dx="8" y="14">worse →</text>${rows.map((row) => row.marks).join('')}`,
  });
}

/** Wide enough for every band, and for effects and intervals that are not out of all proportion. */
function domainOf(measures: readonly MeasureDecision[]): { low: number; high: number } {
  const tolerances = measures.map((measure) => measure.tolerance).sort((a, b) => a - b);
  const usual = tolerances[Math.floor(tolerances.length / 2)]!;
  const widest = Math.max(tolerances.at(-1)!, 1e-6);
  const most = Math.max(MOST_TOLERANCES * usual, widest);
  const values = measures.flatMap(({ low, effect, high }) => [low ?? 0, effect ?? 0, high ?? 0]);
  const low = Math.max(-most, Math.min(-widest, ...values));
  const high = Math.min(most, Math.max(widest, ...values));
  const pad = 0.06 * (high - low);
  return { low: low - pad, high: high + pad };
}

function renderRow(
  measure: MeasureDecision,
  top: number,
  at: (effect: number) => number,
  domain: { low: number; high: number },
): { band: string; marks: string } {
  const { mark, word, status } = OUTCOMES[measure.outcome];
  const y = top + 32;
  const colour = status === 'fail' ? 2 : measure.outcome === 'improved' ? 3 : status === 'pass' ? 1 : 5;
  const left = at(-measure.tolerance);
  const right = at(measure.tolerance);
  // An end that is not known is no end.
  const low = measure.low ?? -Infinity;
  const high = measure.high ?? Infinity;
  const arrows = [
    low < domain.low ? shape('0', y, `M9,-5L1,0L9,5Z`, `pt c${colour}`) : '',
    high > domain.high ? shape('100%', y, `M-9,-5L-1,0L-9,5Z`, `pt c${colour}`) : '',
  ].join('');
  const inside = (value: number): boolean => value >= domain.low && value <= domain.high;
  const ends = [low, high]
    .filter(inside)
    .map(
      (end) =>
        `<line class="ci c${colour}" x1="${percent(at(end))}" x2="${percent(at(end))}" y1="${y - 5}" y2="${y + 5}"/>`,
    );
  const effect = measure.effect ?? 0;
  const hollow = measure.outcome === 'undecided' ? ' ring' : '';
  const estimate = inside(effect)
    ? shape(percent(at(effect)), y, SHAPES[measure.outcome], `pt c${colour}${hollow}`)
    : '';
  const text = esc`<text class="lab fg halo" x="0" y="${top + 15}">${clip(shortTitle(measure), 40)}</text><text class="lab e fg halo" x="100%" y="${top + 15}">${mark}<tspan class="minor"> ${word}</tspan> ${effectText(measure, measure.effect)}<tspan class="minor"> (${intervalText(measure)}), allowed ${allowedText(measure)}</tspan></text>`;
  return {
    band: `<rect class="tol" x="${percent(left)}" width="${percent(right - left)}" y="${top + 22}" height="20"/>`,
    marks: `<line class="limit" x1="${percent(right)}" x2="${percent(right)}" y1="${top + 22}" y2="${top + 42}"/><line class="ci c${colour}" x1="${percent(at(low))}" x2="${percent(at(high))}" y1="${y}" y2="${y}"/>${ends.join('')}${arrows}${estimate}${text}`,
  };
}

/** Outcomes are told apart by shape too: diamond, ring, square, disc. */
const DISC = 'M-5,0A5,5 0 1,0 5,0A5,5 0 1,0 -5,0Z';
const SHAPES: Record<MeasureDecision['outcome'], string> = {
  regressed: 'M0,-7L7,0L0,7L-7,0Z',
  undecided: DISC,
  improved: 'M-5,-5H5V5H-5Z',
  'within-noise': DISC,
  unchanged: DISC,
  reported: DISC,
};

/** A shape of fixed size at a place in per cent. */
function shape(x: string, y: number, d: string, classes: string): string {
  return `<svg x="${x}" y="${y}" overflow="visible"><path class="${classes}" d="${d}"/></svg>`;
}

function findingOf(measures: readonly MeasureDecision[]): string {
  const of = (outcome: MeasureDecision['outcome']): string[] =>
    measures.filter((measure) => measure.outcome === outcome).map(shortTitle);
  const parts = (['regressed', 'undecided', 'improved'] as const).flatMap((outcome) => {
    const names = of(outcome);
    if (names.length === 0) return [];
    return [`${OUTCOMES[outcome].word}: ${names.length > 4 ? plural(names.length, 'measure') : list(names)}`];
  });
  return parts.length === 0
    ? 'None is worse than allowed.'
    : `${parts.join('; ').replace(/^./, (c) => c.toUpperCase())}.`;
}
