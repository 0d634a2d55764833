/**
 * Pair by pair in the order in which they were run, one panel for each measure: a trend, an outlier or an effect of
 * the order within the pair can be seen. Noise pairs, base against base, stand apart on the left.
 */
import { html as esc } from 'ghtml';
import { scaleLinear } from 'd3-scale';
import type { GateResult, MeasureDecision } from '../../harness/contract/gate.ts';
import { number, unitLabel } from '../model/format.ts';
import { percent, renderPlot, WIDTH } from '../html/plot.ts';
import { renderTable, slug } from '../html/table.ts';
import type { Cell } from '../html/table.ts';
import type { StackColumn } from '../html/time-stack.ts';
import { allowedText, effectText, effectWords, mattersFirst, shortTitle } from './outcomes.ts';
import { pairEffect, pairsOf } from './pairs.ts';
import type { TrialPair } from './pairs.ts';

const HEIGHT_PX = 96;
const DOT = 'M-3.6,0A3.6,3.6 0 1,0 3.6,0A3.6,3.6 0 1,0 -3.6,0Z';
const CROSS = 'M-3.5,-3.5L3.5,3.5M-3.5,3.5L3.5,-3.5';

export interface TrialPanels {
  markup: string;
  table: string;
  /** For the cursor. */
  data: { id: string; name: string; x: number[]; labels: string[]; columns: StackColumn[] };
}

/** Draws the panels; null where there are no trials with known values. */
export function renderTrialPanels(result: GateResult): TrialPanels | null {
  const pairs = pairsOf(result);
  const drawn = mattersFirst(result.measures).flatMap((measure) => {
    // Another machine's times beside each trial would only invite to compare them.
    if (measure.outcome === 'reported' && result.evidence === 'baseline') return [];
    const effects = pairs.map((pair) => pairEffect(pair, measure, measure.base));
    return effects.some((effect) => effect !== null) ? [{ measure, effects }] : [];
  });
  if (drawn.length === 0) return null;
  const noise = pairs.filter((pair) => pair.purpose === 'noise').length;
  // One slot stays free between noise pairs and judged ones.
  const slots = pairs.length + (noise > 0 ? 1 : 0);
  const xs = pairs.map((_, i) => ((i + (i >= noise && noise > 0 ? 1 : 0) + 0.5) * WIDTH) / slots);
  const divider = noise > 0 ? ((noise + 0.5) * WIDTH) / slots : null;
  const names = pairs.map((pair) => nameOf(pair, result));
  const panels = drawn.map(({ measure, effects }, i) =>
    renderPanel({ measure, effects, pairs, xs, divider, last: i === drawn.length - 1 }),
  );
  return {
    markup: `<div class="box stack" id="pairs-stack">${panels.join('\n')}${keyOf(pairs)}</div>`,
    table: pairTable(drawn, pairs, names),
    data: {
      id: 'pairs-stack',
      name: 'Pair',
      x: xs.map((x) => Number(x.toFixed(1))),
      labels: names,
      columns: drawn.flatMap(({ measure, effects }): StackColumn[] => {
        const panel = panelId(measure);
        const unit = unitLabel(measure.unit) === '' ? '' : measure.unit === '/s' ? '/s' : ` ${measure.unit}`;
        const own = measure.unit === 'ms' || measure.unit === 'bytes' || measure.unit === '%' ? measure.unit : unit;
        return [
          {
            panel,
            label: 'difference',
            unit: measure.scale === 'ratio' ? '%' : measure.unit === '%' ? ' points' : own,
            values: effects.map((effect) => shown(effect, measure)),
          },
          { panel, label: 'base', unit: own, values: pairs.map((p) => p.base?.measures[measure.id] ?? measure.base) },
          { panel, label: 'candidate', unit: own, values: pairs.map((p) => p.candidate.measures[measure.id] ?? null) },
        ];
      }),
    },
  };
}

/** An effect as a number that people read: per cent for ratios. */
function shown(effect: number | null, measure: MeasureDecision): number | null {
  return effect === null ? null : effect * (measure.scale === 'ratio' ? 100 : 1);
}

function panelId(measure: MeasureDecision): string {
  return `pairs-${slug(measure.id)}`;
}

function nameOf(pair: TrialPair, result: GateResult): string {
  const what = result.evidence === 'baseline' ? 'trial' : 'pair';
  return `${pair.purpose === 'noise' ? `noise ${what}` : what} ${pair.pair + 1}${pair.valid ? '' : ', not valid'}`;
}

function renderPanel(input: {
  measure: MeasureDecision;
  effects: (number | null)[];
  pairs: TrialPair[];
  xs: number[];
  divider: number | null;
  last: boolean;
}): string {
  const { measure, effects, pairs, xs, divider } = input;
  const factor = measure.scale === 'ratio' ? 100 : 1;
  const known = effects.flatMap((effect) => effect ?? []);
  const judged = measure.outcome !== 'reported';
  const room = Math.max(measure.tolerance, ...known.map((effect) => Math.abs(effect) / 4), 1e-6) * 1.2;
  const reach = [...known, -room, room];
  const scale = scaleLinear()
    .domain([Math.min(...reach) * factor, Math.max(...reach) * factor])
    .range([HEIGHT_PX - 7, 7]);
  const y = (effect: number): number => Number(scale(effect * factor).toFixed(1));
  const ticks = scale.ticks(3);
  const dots = pairs
    .map((pair, i) => {
      const effect = effects[i] ?? null;
      if (effect === null) return '';
      const [d, classes] = pair.valid
        ? [DOT, `pt c${pair.purpose === 'noise' ? 5 : 1}${ranFirst(pair) === 'candidate' ? ' ring' : ''}`]
        : [CROSS, 'pt c2'];
      return `<svg x="${percent(xs[i]!)}" y="${y(effect)}" overflow="visible"><path class="${classes}" d="${d}"/></svg>`;
    })
    .join('');
  const fence =
    divider === null
      ? ''
      : `<line class="mark" x1="${percent(divider)}" x2="${percent(divider)}" y1="0" y2="${HEIGHT_PX}"/>`;
  const [top, bottom, zero] = [y(measure.tolerance), y(-measure.tolerance), y(0)];
  const estimate =
    measure.effect === null
      ? ''
      : `<line class="rule" x1="${percent(divider ?? 0)}" x2="100%" y1="${y(measure.effect)}" y2="${y(measure.effect)}"/>`;
  const everyNth = Math.ceil(pairs.length / 12);
  return renderPlot({
    id: panelId(measure),
    title: shortTitle(measure),
    finding: `${effectWords(measure)}, ${judged ? `allowed ${allowedText(measure)}` : 'not judged'}`,
    heightPx: HEIGHT_PX,
    yTicks: ticks.map((tick) => ({
      at: scale(tick),
      text: `${number(tick).replace('-', '−')}${factor === 100 ? '\u00a0%' : ''}`,
    })),
    xTicks: pairs.flatMap((pair, i) =>
      pair.purpose === 'judge' && pair.pair % everyNth === 0
        ? [{ at: xs[i]!, text: String(pair.pair + 1) }]
        : pair.purpose === 'noise' && i === 0
          ? [{ at: xs[Math.floor((pairs.filter((p) => p.purpose === 'noise').length - 1) / 2)]!, text: 'noise' }]
          : [],
    ),
    xLabels: input.last,
    back: !judged
      ? ''
      : `<rect class="tol" x="0" width="100%" y="${top}" height="${Math.max(0, bottom - top).toFixed(1)}"/>`,
    front: `<line class="zero" x1="0" x2="100%" y1="${zero}" y2="${zero}"/>${judged ? `<line class="limit" x1="0" x2="100%" y1="${top}" y2="${top}"/>` : ''}${fence}${estimate}${dots}`,
    lines: [
      {
        label: '',
        colour: 5,
        dash: 2,
        points: pairs.flatMap((pair, i): [number, number | null][] => {
          const effect = effects[i] ?? null;
          return pair.purpose === 'judge' && pair.valid ? [[xs[i]!, effect === null ? null : y(effect)]] : [];
        }),
      },
    ],
    endLabels: [
      ...(judged ? [{ text: `allowed ${allowedText(measure)}`, y: top, class: 'lim' }] : []),
      ...(measure.effect === null
        ? []
        : [{ text: `found ${effectText(measure, measure.effect)}`, y: y(measure.effect), class: 'fg' }]),
    ],
  });
}

/** Null where both ran at once, or there is no base. */
function ranFirst(pair: TrialPair): 'base' | 'candidate' | null {
  if (!pair.base || pair.base.position === pair.candidate.position) return null;
  return pair.candidate.position === 0 ? 'candidate' : 'base';
}

/** What the marks mean; only of those that were drawn. */
function keyOf(pairs: readonly TrialPair[]): string {
  const mark = (classes: string, d: string, text: string): string =>
    esc`<span><svg class="key" viewBox="-6.5 -5 13 10" aria-hidden="true"><path class="pt ${classes}" d="${d}"/></svg> ${text}</span> `;
  const judged = pairs.filter((pair) => pair.purpose === 'judge' && pair.valid);
  const ordered = judged.some((pair) => ranFirst(pair) !== null);
  const together = judged.some((pair) => pair.base !== null) ? 'a pair, both at once' : 'a trial';
  return `<div class="swatches">${[
    mark('c1', DOT, ordered ? 'base ran first' : together),
    ordered ? mark('c1 ring', DOT, 'candidate ran first') : '',
    pairs.some((pair) => pair.purpose === 'noise') ? mark('c5', DOT, 'noise pair: base against base') : '',
    pairs.some((pair) => !pair.valid) ? mark('c2', CROSS, 'not valid, not judged') : '',
  ].join(' ')}</div>`;
}

function pairTable(
  drawn: { measure: MeasureDecision; effects: (number | null)[] }[],
  pairs: readonly TrialPair[],
  names: readonly string[],
): string {
  const cell = (value: number | null): Cell => (value === null ? { text: '–' } : { text: number(value), exact: value });
  return renderTable({
    id: 'pairs-data',
    caption: 'Values of each pair. Differences are told so that plus is worse.',
    tall: true,
    columns: [
      { label: 'Pair' },
      ...drawn.flatMap(({ measure }) => {
        const unit = unitLabel(measure.unit);
        return [
          { label: 'Base', ...(unit && { sub: unit }) },
          { label: 'Candidate', ...(unit && { sub: unit }) },
          { label: 'Difference', sub: measure.scale === 'ratio' ? '%' : unit === '%' ? 'points' : unit },
        ];
      }),
    ],
    groups: drawn.map(({ measure }) => ({ label: shortTitle(measure), sub: '', columns: 3 })),
    rows: pairs.map((pair, i) => ({
      cells: [
        names[i]!,
        ...drawn.flatMap(({ measure, effects }) => [
          cell(pair.base ? (pair.base.measures[measure.id] ?? null) : measure.base),
          cell(pair.candidate.measures[measure.id] ?? null),
          cell(shown(effects[i] ?? null, measure)),
        ]),
      ],
    })),
  });
}
