/**
 * The frame every chart is drawn in. Text stands in CSS pixels and never shrinks; only the paths stretch with the page
 * (an inner SVG without kept proportions, strokes that do not scale), so one drawing fits a phone, a desktop and paper.
 */
import { html as esc } from 'ghtml';
import { curveLinear, curveStep, line as d3line } from 'd3-shape';

/** Width of the inner drawing; x is given in these units, so 1000 is the right edge. */
export const WIDTH = 1000;

export interface PlotLine {
  label: string;
  /** Colour 0 to 5 and dash 0 to 3 of the style sheet. */
  colour: number;
  dash?: number;
  /** x from 0 to 1000, y in pixels from the top; null is a gap. */
  points: [number, number | null][];
  /** Fills down to this y. */
  areaTo?: number;
  /** Drawn in steps: each value holds for a stretch of time around its point. */
  steps?: boolean;
}
export interface PlotTick {
  at: number;
  text: string;
}
export interface Plot {
  id: string;
  title: string;
  /** What to take from it. */
  finding: string;
  heightPx: number;
  yTicks: PlotTick[];
  /** x from 0 to 1000. */
  xTicks: PlotTick[];
  /** Whether the x axis is written under it. */
  xLabels: boolean;
  lines: PlotLine[];
  /** Markup of shapes under the lines, in the inner drawing's units. */
  under?: string;
  /** Markup in pixels and percent, under the lines. */
  back?: string;
  /** Markup in pixels and percent, over the lines. */
  front?: string;
  /** Labels at the right edge besides the lines' own. */
  endLabels?: { text: string; y: number; class: string }[];
  /** Markup after the drawing, for example a key. */
  after?: string;
  /** Names stand inside the drawing, so that it needs no room at its sides. */
  bare?: boolean;
}

/** A percentage for an attribute, from x in 0 to 1000. */
export function percent(x: number): string {
  return `${Number((x / 10).toFixed(3))}%`;
}

/** Draws a plot as a `<figure>`. */
export function renderPlot(plot: Plot): string {
  const h = plot.heightPx;
  const total = h + (plot.xLabels ? 22 : 2);
  const grid = [
    ...plot.xTicks.map((t) => `<line class="g" x1="${percent(t.at)}" x2="${percent(t.at)}" y1="0" y2="${h}"/>`),
    ...plot.yTicks.map((t) => `<line class="g" x1="0" x2="100%" y1="${round(t.at)}" y2="${round(t.at)}"/>`),
    `<line class="ax" x1="0" x2="100%" y1="${h}" y2="${h}"/>`,
  ].join('');
  const yText = plot.yTicks
    .map((t) => esc`<text class="t e" x="0" dx="-8" y="${round(t.at + 4)}">${t.text}</text>`)
    .join('');
  const xText = plot.xLabels
    ? plot.xTicks
        .map(
          (t, i) =>
            esc`<text class="t m${i % 2 === 1 ? ' minor' : ''}" x="${percent(t.at)}" y="${h + 17}">${t.text}</text>`,
        )
        .join('')
    : '';
  const titleId = `${plot.id}-title`;
  return esc`<figure class="panel!${plot.bare ? ' bare' : ''}" id="${plot.id}">
<figcaption><span class="at"></span><b>${plot.title}</b> <span class="f">${plot.finding}</span>!${legend(plot.lines)}</figcaption><div class="plot"><svg height="${total}" role="img" aria-labelledby="${titleId}"><title id="${titleId}">${plot.title}: ${plot.finding}</title>!${grid}<svg width="100%" height="${h}">!${plot.back ?? ''}</svg><svg viewBox="0 0 ${WIDTH} ${h}" width="100%" height="${h}" preserveAspectRatio="none">!${plot.under ?? ''}!${plot.lines.map(path).join('')}</svg>!${yText}!${xText}!${plot.front ?? ''}!${ends(plot)}</svg></div>!${plot.after ?? ''}</figure>`;
}

function path(line: PlotLine): string {
  const draw = d3line<[number, number | null]>()
    .defined((p) => p[1] !== null)
    .x((p) => p[0])
    .y((p) => p[1]!)
    .curve(line.steps ? curveStep : curveLinear)
    .digits(1);
  const d = draw(line.points) ?? '';
  if (d === '') return '';
  const area =
    line.areaTo === undefined
      ? ''
      : runsOf(line.points)
          .map(
            (run) =>
              `M${round(run[0]![0])},${line.areaTo}L${run.map((p) => `${round(p[0])},${round(p[1]!)}`).join('L')}V${line.areaTo}Z`,
          )
          .join('');
  return `${area && `<path class="area c${line.colour}" d="${area}"/>`}<path class="l c${line.colour}${line.dash ? ` d${line.dash}` : ''}" d="${d}"/>`;
}

/** Stretches without gaps. */
function runsOf(points: PlotLine['points']): PlotLine['points'][] {
  const runs: PlotLine['points'][] = [[]];
  for (const point of points)
    if (point[1] === null) runs.push([]);
    else runs.at(-1)!.push(point);
  return runs.filter((run) => run.length > 0);
}

/** Names at the ends of the lines, moved apart where they would cover each other. */
function ends(plot: Plot): string {
  const labels = [
    ...plot.lines.map((line) => ({
      text: line.label,
      y: line.points.findLast((p) => p[1] !== null)?.[1] ?? plot.heightPx,
      class: `lab c${line.colour}`,
    })),
    ...(plot.endLabels ?? []).map((label) => ({ ...label, class: `lab ${label.class}` })),
  ]
    .filter((label) => label.text !== '')
    .sort((a, b) => a.y - b.y);
  const gap = 15;
  for (let i = 1; i < labels.length; i++) labels[i]!.y = Math.max(labels[i]!.y, labels[i - 1]!.y + gap);
  const over = (labels.at(-1)?.y ?? 0) - plot.heightPx;
  if (over > 0)
    for (let i = labels.length - 1, limit = plot.heightPx; i >= 0; i--, limit -= gap)
      labels[i]!.y = Math.min(labels[i]!.y, limit);
  return labels
    .map((l) => esc`<text class="end ${l.class}" x="100%" dx="9" y="${round(l.y + 4)}">${l.text}</text>`)
    .join('');
}

/** The names again, above the drawing, where there is no room at its side. */
function legend(lines: PlotLine[]): string {
  const items = lines
    .filter((line) => line.label !== '')
    .map(
      (line) =>
        esc`<span class="c${line.colour}"><svg class="key" aria-hidden="true"><line class="l c${line.colour}${line.dash ? ` d${line.dash}` : ''}" x1="0" x2="13" y1="5" y2="5"/></svg> ${line.label}</span>`,
    )
    .join('');
  return items === '' ? '' : `<span class="legend" aria-hidden="true">${items}</span>`;
}

function round(value: number): number {
  return Number(value.toFixed(1));
}
