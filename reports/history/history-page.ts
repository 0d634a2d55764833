/** The page of a history: a chart for each experiment, with the level between changes and a mark at each change. */
import { html as esc } from 'ghtml';
import { scaleLinear } from 'd3-scale';
import { number, plural, unitLabel, withUnit } from '../model/format.ts';
import { renderPage } from '../html/page.ts';
import { percent, renderPlot, WIDTH } from '../html/plot.ts';
import { folded, section } from '../html/run-page.ts';
import { renderTable } from '../html/table.ts';
import type { StackColumn } from '../html/time-stack.ts';
import type { History, HistoryGroup } from './history.ts';
import {
  changeMark,
  changeSentence,
  changeWord,
  day,
  groupSummary,
  headline,
  leftOutTexts,
  measureName,
  moment,
  shareText,
  shortCommit,
} from './words.ts';

const HEIGHT_PX = 170;
/** More charts than this nobody looks through. */
const MOST_CHARTS = 60;
/** Points that the table and the cursor of a chart hold; the newest. */
const MOST_POINTS = 1000;

export interface HistoryPageOptions {
  version: string;
  /** Files that could not be read, with the reason. */
  unreadable: readonly { file: string; reason: string }[];
  /** The command that was typed. */
  command: string;
}

interface Chart {
  markup: string;
  data: { id: string; name: string; x: number[]; labels: string[]; columns: StackColumn[] };
}

/** Renders a history as one HTML file that asks nobody for anything. */
export function renderHistoryHtml(history: History, options: HistoryPageOptions): string {
  const drawn = history.groups.filter((group) => group.points.length > 1).slice(0, MOST_CHARTS);
  const charts = drawn.map((group, i) => ({ group, chart: renderChart(group, history, i + 1) }));
  const rest = history.groups.filter((group) => !drawn.includes(group));
  const worse = history.groups.some((group) => group.changes.some((change) => change.worse));
  const notes = leftOutTexts(history).map((text) => esc`<p class="note">${text}.</p>`);
  const body = [
    esc`<h1 id="finding">!${worse ? '<span class="v fail">✕ Worse</span> ' : ''}${headline(history)}</h1><p class="sub">Results of one experiment on one machine are compared with each other and with nothing else. A change is marked where chance alone would make one in at most ${number(history.level * 100)} of 100 histories.</p>!${notes.join('')}`,
    renderChanges(history),
    ...charts.map(({ group, chart }) =>
      section(
        `group-${group.id}`,
        group.title,
        factsOf(group),
        chart.markup + folded('The same as a table', pointTable(group, history)),
      ),
    ),
    renderRest(rest, history),
    renderUnreadable(options.unreadable),
    section(
      'method',
      'How changes are found',
      '',
      esc`<p class="sub">E-divisive with means (Matteson and James, 2014): the series is split where the energy distance of its parts is largest, the split is held against ${number(history.permutations)} seeded permutations, and the parts are searched in turn. Positive values are compared by their logarithms. A machine that changed, or runs that depend on the one before, look like a change of the code.</p><pre>${options.command}</pre>`,
    ),
    esc`<footer>Cachequake ${options.version}. This page is complete in itself and asks nobody for anything.</footer>`,
  ].join('\n');
  const results = history.groups.reduce((sum, group) => sum + group.points.length, 0);
  return renderPage({
    title: `History of ${measureName(history)}`,
    top: {
      left: 'history',
      middle: measureName(history),
      right: `${plural(results, 'result')}, ${plural(history.groups.length, 'experiment')}`,
    },
    body,
    data: { stacks: charts.map(({ chart }) => chart.data) },
    version: options.version,
  });
}

function factsOf(group: HistoryGroup): string {
  const { machine } = group;
  const where = `${group.environment}, ${machine.platform}, ${machine.cores} cores, ${machine.cpuModel}, machine ${machine.fingerprint}.`;
  const differs = group.differs.filter((text) => !where.includes(text));
  if (differs.length === 0) return where;
  const more = differs.length > 8 ? `, and ${differs.length - 8} more` : '';
  return `${where} Told from others of this name by ${differs.slice(0, 8).join(', ')}${more}.`;
}

function renderChart(group: HistoryGroup, history: History, nth: number): Chart {
  const { points, changes } = group;
  const values = points.map((point) => point.value);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const pad = (high - low) * 0.08 || Math.abs(high) * 0.1 || 1;
  const y = scaleLinear()
    .domain([low >= 0 ? Math.max(0, low - pad) : low - pad, high + pad])
    .range([HEIGHT_PX, 0]);
  const xAt = (i: number): number => Number((((i + 0.5) * WIDTH) / points.length).toFixed(2));
  const yAt = (value: number): number => Number(y(value).toFixed(1));
  const id = `chart-${nth}`;
  const borders = [0, ...changes.map((change) => change.index), points.length];
  const edge = (index: number): number => (index * WIDTH) / points.length;
  const levels = borders.slice(0, -1).flatMap((from, i): [number, number | null][] => {
    const to = borders[i + 1]!;
    const level = changes.length === 0 ? middle(values) : i === 0 ? changes[0]!.before : changes[i - 1]!.after;
    return [
      [edge(from), yAt(level)],
      [edge(to), yAt(level)],
      [edge(to), null],
    ];
  });
  const marks = changes.map((change, i) => {
    const at = edge(change.index);
    const end = at > WIDTH * 0.6;
    // Neighbouring labels stand at different heights.
    return esc`<line class="${change.worse ? 'limit' : 'mark'}" x1="${percent(at)}" x2="${percent(at)}" y1="0" y2="${HEIGHT_PX}"/><text class="mk halo${end ? ' e' : ''}" x="${percent(at)}" dx="${end ? -6 : 6}" y="${12 + (i % 3) * 14}">${changeMark(change)} ${changeWord(change)}${shareText(change).replace(',', '')}</text>`;
  });
  const ticks = Array.from({ length: Math.min(6, points.length) }, (_, k, of = Math.min(6, points.length)) =>
    Math.round((k * (points.length - 1)) / Math.max(1, of - 1)),
  );
  const shown = Math.max(0, points.length - MOST_POINTS);
  return {
    markup: `<div class="box stack" id="${id}-stack">${renderPlot({
      id,
      title: measureName(history),
      finding: groupSummary(group, history),
      heightPx: HEIGHT_PX,
      yTicks: y.ticks(4).map((tick) => ({ at: y(tick), text: withUnit(tick, history.measure.unit) })),
      xTicks: ticks.map((i) => ({ at: xAt(i), text: day(points[i]!.startedAt) })),
      xLabels: true,
      under: `<path class="dots c1" d="${points.map((point, i) => `M${xAt(i)},${yAt(point.value)}h0`).join('')}"/>`,
      front: marks.join(''),
      lines: [{ label: '', colour: 0, points: levels }],
      endLabels: [
        {
          text: `median ${withUnit(changes.at(-1)?.after ?? middle(values), history.measure.unit)}`,
          y: levels.at(-2)![1]!,
          class: 'fg',
        },
      ],
    })}</div>`,
    data: {
      id: `${id}-stack`,
      name: 'Result',
      x: points.slice(shown).map((_, i) => Number(xAt(i + shown).toFixed(1))),
      labels: points.slice(shown).map((point) => moment(point.startedAt)),
      columns: [
        {
          panel: id,
          label: '',
          unit: cursorUnit(history),
          values: points.slice(shown).map((point) => point.value),
        },
      ],
    },
  };
}

function cursorUnit(history: History): string {
  const { unit } = history.measure;
  if (unit === 'ms' || unit === 'bytes' || unit === '%' || unit === '/s') return unit;
  return unitLabel(unit) && ` ${unitLabel(unit)}`;
}

function middle(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = (sorted.length - 1) / 2;
  return (sorted[Math.floor(half)]! + sorted[Math.ceil(half)]!) / 2;
}

function renderChanges(history: History): string {
  const rows = history.groups.flatMap((group) =>
    group.changes.map((change) => {
      const [before, after] = [group.points[change.index - 1]!, group.points[change.index]!];
      return {
        cells: [
          {
            text: `${changeMark(change)} ${changeWord(change)}`,
            class: change.worse === null ? 's-unknown' : change.worse ? 's-fail' : 's-pass',
          },
          { text: moment(after.startedAt), small: group.title },
          { text: withUnit(change.before, history.measure.unit), exact: change.before },
          { text: withUnit(change.after, history.measure.unit), exact: change.after },
          shareText(change).replace(', ', '') || '–',
          { text: String(Number(change.pValue.toPrecision(2))), exact: change.pValue },
          { text: before.runId, small: `commit ${shortCommit(before.commit)}` },
          { text: after.runId, small: `commit ${shortCommit(after.commit)}` },
        ],
      };
    }),
  );
  if (rows.length === 0) return '';
  return renderTable({
    id: 'changes',
    caption: 'Changes, with the medians on both sides and the two results around each',
    columns: [
      { label: 'Change' },
      { label: 'From', sub: 'UTC', text: true },
      { label: 'Before' },
      { label: 'After' },
      { label: 'Difference' },
      { label: 'p' },
      { label: 'Last before', text: true },
      { label: 'First after', text: true },
    ],
    rows,
  });
}

function pointTable(group: HistoryGroup, history: History): string {
  const from = Math.max(0, group.points.length - MOST_POINTS);
  const unit = unitLabel(history.measure.unit);
  return renderTable({
    id: `points-${group.id}`,
    caption:
      from > 0 ? `The newest ${MOST_POINTS} of ${group.points.length} results` : 'The results in the order of time',
    tall: true,
    columns: [
      { label: 'Began', sub: 'UTC' },
      { label: 'Value', ...(unit && { sub: unit }) },
      { label: 'Result', text: true },
      { label: 'Commit', text: true },
      { label: 'Change', text: true },
    ],
    rows: group.points.slice(from).map((point, i) => {
      const change = group.changes.find((one) => one.index === i + from);
      return {
        cells: [
          moment(point.startedAt),
          { text: number(point.value), exact: point.value },
          point.runId,
          shortCommit(point.commit),
          change ? changeSentence(group, change, history) : '',
        ],
      };
    }),
  });
}

/** Experiments with one result, and those that found no room for a chart. */
function renderRest(rest: readonly HistoryGroup[], history: History): string {
  if (rest.length === 0) return '';
  const table = renderTable({
    id: 'others',
    caption: 'A change can not be seen in one result.',
    tall: rest.length > 12,
    columns: [
      { label: 'Experiment' },
      { label: 'Results' },
      { label: 'Newest' },
      { label: measureName(history) },
      { label: 'Where', text: true },
    ],
    rows: rest.map((group) => {
      const last = group.points.at(-1)!;
      return {
        cells: [
          group.title,
          String(group.points.length),
          day(last.startedAt),
          { text: withUnit(last.value, history.measure.unit), exact: last.value },
          { text: factsOf(group), class: 'wide' },
        ],
      };
    }),
  });
  return section('others-section', 'Without a chart', '', table);
}

function renderUnreadable(unreadable: HistoryPageOptions['unreadable']): string {
  if (unreadable.length === 0) return '';
  const items = unreadable.slice(0, 100).map(({ file, reason }) => esc`<li>${file}: ${reason}</li>`);
  const more = unreadable.length > 100 ? `<li>and ${unreadable.length - 100} more</li>` : '';
  return section('unreadable', 'Could not be read', '', `<ul class="plain">${items.join('')}${more}</ul>`);
}
