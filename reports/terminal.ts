/**
 * The table at the end of a run or a comparison. Measures are rows and phases or contenders are columns, so that it
 * stays readable at 100 columns; where there are too many columns they go on in a second table, and many contenders
 * are rows.
 */
import picocolors from 'picocolors';
import type { AnyResult, ComparisonResult, RunResult } from '../harness/contract/result.ts';
import type { VerdictStatus } from '../harness/contract/verdict.ts';
import { comparisonHeadline, deviationText, missesSentence, noiseSentence } from './model/comparison-findings.ts';
import { predictionOf, scenariosOf, shownSpreadOf } from './model/comparison.ts';
import type { Contender, Figure, Scenario } from './model/comparison.ts';
import { predictionSentence } from './model/findings.ts';
import { number, plainText, withUnit } from './model/format.ts';
import {
  hasFault,
  loadsPerExpiry,
  MARKS,
  metaOf,
  resultStatus,
  sentenceOf,
  shownStatus,
  valueOf,
} from './model/measures.ts';
import { EDGE_MEASURES } from './model/edge.ts';
import { intervalTable } from './model/intervals.ts';
import { SALE_MEASURES } from './model/sale.ts';
import { WORKLOAD_MEASURES } from './model/workload.ts';
import { WRITE_MEASURES } from './model/writes.ts';
import { clip, grid, wrap } from './terminal-text.ts';
import type { Colours } from './terminal-text.ts';

/** What stands in a comparison beside what every comparison has. */
const OTHER_FIGURES = new Set<string>([
  'db.peakConcurrent',
  'db.peakConcurrentPerKey',
  ...[...EDGE_MEASURES, ...WORKLOAD_MEASURES, ...WRITE_MEASURES, ...SALE_MEASURES].map(([id]) => id),
]);

export interface TableOptions {
  colour: boolean;
  /** Columns of the terminal. */
  width: number;
}
type Phase = 'run' | 'before' | 'during' | 'after';
const LATENCIES = [
  ['latency.p50', 'p50'],
  ['latency.p99', 'p99'],
  ['latency.p999', 'p99.9'],
] as const;

/**
 * Renders the table with the verdict under it.
 *
 * @param result a run or a comparison
 * @param options whether colours may be used, and how wide the terminal is
 */
export function renderTable(result: AnyResult, options: TableOptions): string {
  const colours = picocolors.createColors(options.colour);
  const width = Math.max(40, options.width);
  return result.kind === 'run' ? renderRun(result, colours, width) : renderComparison(result, colours, width);
}

function renderRun(run: RunResult, c: Colours, width: number): string {
  const phases: Phase[] = hasFault(run) ? ['before', 'during', 'after', 'run'] : ['run'];
  const loads = loadsPerExpiry(run);
  const row = (id: string, label: string): string[] => [
    label,
    ...phases.map((phase) => withUnit(valueOf(run, phase, id), metaOf(run, id).unit)),
  ];
  const rows = [
    ...LATENCIES.map(([id, label]) => row(id, label)),
    row('errors.rate', 'Errors'),
    row('cache.hitRatio', 'Hit ratio'),
    row('db.peakRate', 'Peak database rate'),
  ];
  const lines = [
    ...grid(['', ...phases.map((p) => (p === 'run' ? 'whole run' : p))], rows, c, width),
    ...facts(
      [
        ...(run.plan.hotKey === null ? [] : [loadsFact(loads)]),
        ...[...(run.plan.edge === null ? [] : EDGE_MEASURES), ...WORKLOAD_MEASURES, ...WRITE_MEASURES, ...SALE_MEASURES]
          .filter(([id]) => valueOf(run, 'run', id) !== null)
          .map(([id, label]): [string, string] => [label, withUnit(valueOf(run, 'run', id), metaOf(run, id).unit)]),
        ...run.recovery.map((r): [string, string] => [
          `Recovery from ${plainText(r.fault)}`,
          r.recoverySec === null ? r.status : withUnit(r.recoverySec, 's'),
        ]),
      ],
      c,
    ),
    '',
    ...verdictLines(shownStatus(run), sentenceOf(run.verdict), c, width),
    ...warningLines(run, c, width),
    ...wrap(plainText(run.verdict.explanation), width),
    ...(loads.deviates ? wrap(c.yellow(predictionSentence(run)), width) : []),
  ];
  return `${lines.join('\n')}\n`;
}

function loadsFact(loads: ReturnType<typeof loadsPerExpiry>): [string, string] {
  const predicted = loads.predicted === null ? 'no formula predicts them' : `predicted ${number(loads.predicted)}`;
  return ['Loads per expiry', `${number(loads.measured)}, ${predicted}`];
}

function renderComparison(result: ComparisonResult, c: Colours, width: number): string {
  const scenarios = scenariosOf(result);
  const lines: string[] = [];
  for (const scenario of scenarios) {
    lines.push(c.bold(plainText(scenario.title)));
    lines.push(...grid(...comparisonGrid(scenario, c, width), c, width), '');
    const misses = missesSentence(scenario);
    if (misses !== null) lines.push(...wrap(plainText(misses), width), '');
    lines.push(...intervalLines(scenario, c, width));
  }
  lines.push(...wrap(c.bold(plainText(comparisonHeadline(scenarios))), width));
  lines.push(...verdictLines(resultStatus(result), sentenceOf(result.verdict), c, width));
  for (const difference of result.differences)
    lines.push(...wrap(c.yellow(`differs: ${plainText(difference)}`), width));
  lines.push(...wrap(noiseSentence(scenarios), width));
  return `${lines.join('\n')}\n`;
}

/** What repeats show, contenders as rows: what is told of each is too wide to stand beside others'. */
function intervalLines(scenario: Scenario, c: Colours, width: number): string[] {
  const found = intervalTable(scenario);
  if (!found) return [];
  const head = found.measures.map(({ name, phase }) => (phase === '' ? name : `${name} ${phase}`));
  const rows = found.rows.map(({ name, cells }) => [
    clip(plainText(name), Math.max(12, Math.min(44, width - 28))),
    ...cells.map((cell) => {
      const text = cell === null ? '–' : cell.range === '' ? cell.text : `${cell.text} (${cell.range})`;
      return cell?.outcome === 'better' ? c.green(text) : cell?.outcome === 'worse' ? c.red(text) : text;
    }),
  ]);
  return [...grid([`Against ${plainText(found.against)}`, ...head], rows, c, width), ''];
}

/** Contenders beside each other or, where they are too many for that, under each other. */
const MOST_BESIDE = 6;
/** Heads the rows of what is paid for the others. */
const COSTS = 'What it costs';

function comparisonGrid(scenario: Scenario, c: Colours, width: number): [string[], string[][]] {
  const rows = comparisonRows(scenario, c);
  const names = scenario.contenders.map((x) => x.name);
  const room = Math.max(22, width - 30);
  if (names.length <= MOST_BESIDE)
    return [['', ...names], rows.map(([label, ...cells]) => [clip(label!, room), ...cells])];
  const figures = rows.filter(([label]) => label !== COSTS);
  const turned = names.map((name, i) => [
    clip(plainText(name), Math.max(12, Math.min(44, width - 28))),
    ...figures.map((row) => row[i + 1]!),
  ]);
  return [['', ...figures.map((row) => row[0]!.replace(/^ {2}(?!Predicted)/, 'Cost: ').trim())], turned];
}

function comparisonRows(scenario: Scenario, c: Colours): string[][] {
  const runs = scenario.contenders.flatMap((x) => x.runs);
  const phases: Phase[] = runs.some(hasFault) ? ['before', 'during', 'after'] : ['run'];
  const values = (label: string, id: string, phase: Phase): string[] => {
    const measure: Figure = { meta: metaOf(runs[0]!, id), phase };
    return [label, ...scenario.contenders.map((x) => cell(x, measure))];
  };
  const cell = (x: Contender, measure: Figure): string => {
    const spread = shownSpreadOf(x, measure);
    return withUnit(spread?.median, measure.meta.unit) + (spread?.doubtful ? ' ?' : '');
  };
  const predicted = (x: Contender): string => {
    const found = predictionOf(x);
    if (!found.misses || found.deviation === null) return number(found.predicted);
    return c.yellow(`${number(found.predicted)} ${deviationText(found.deviation)}`);
  };
  const verdict = (x: Contender): string => {
    const statuses = x.runs.map(shownStatus);
    const worst =
      statuses.find((s) => s.status === 'fail') ?? statuses.find((s) => s.status === 'unknown') ?? statuses[0]!;
    return paint(worst.status, `${MARKS[worst.status]} ${worst.word}`, c);
  };
  // Of many contenders only what a person would rank them by.
  const latencies =
    scenario.contenders.length > MOST_BESIDE ? LATENCIES.filter(([, label]) => label === 'p99') : LATENCIES;
  const costs = scenario.measures.filter((m) => m.group === 'cost');
  const hasHotKey = runs.some((run) => run.plan.hotKey !== null);
  return [
    ...(hasHotKey
      ? [values('Loads per expiry', 'db.loadsPerExpiry', 'run'), ['  Predicted', ...scenario.contenders.map(predicted)]]
      : []),
    values('Peak database rate', 'db.peakRate', 'run'),
    ...latencies.flatMap(([id, label]) =>
      phases.map((phase) => values(phase === 'run' ? label : `${label} ${phase}`, id, phase)),
    ),
    values('Errors', 'errors.rate', 'run'),
    ...(runs.some(hasFault) ? [values('Recovery', 'recovery.time', 'run')] : []),
    ...scenario.measures
      .filter((m) => OTHER_FIGURES.has(m.meta.id) && m.group !== 'cost')
      .map((m) => values(m.name, m.meta.id, m.phase)),
    ...(costs.length > 0 ? [[COSTS, ...scenario.contenders.map(() => ' ')]] : []),
    ...costs.map((m) => values(`  ${m.name}`, m.meta.id, m.phase)),
    ['Verdict', ...scenario.contenders.map(verdict)],
  ];
}

function facts(pairs: [string, string][], c: Colours): string[] {
  return pairs.map(([name, value]) => `${c.bold(name)}  ${value}`);
}

function verdictLines(
  shown: { status: VerdictStatus; word: string },
  sentence: string,
  c: Colours,
  width: number,
): string[] {
  const [first = '', ...rest] = wrap(`${MARKS[shown.status]} ${shown.word}: ${plainText(sentence)}`, width);
  return [first, ...rest].map((line) => paint(shown.status, line, c));
}

function warningLines(run: RunResult, c: Colours, width: number): string[] {
  const lines: string[] = [];
  if (run.partial) lines.push('The run was interrupted: nothing of it counts as passed.');
  if (!run.validity.valid)
    lines.push(
      `The run is not valid: ${run.validity.findings
        .filter((f) => !f.ok)
        .map((f) => f.message)
        .join('; ')}`,
    );
  return lines.flatMap((line) => wrap(plainText(line), width).map((part) => c.yellow(part)));
}

function paint(status: VerdictStatus, text: string, c: Colours): string {
  return status === 'pass' ? c.green(text) : status === 'fail' ? c.red(text) : c.yellow(text);
}
