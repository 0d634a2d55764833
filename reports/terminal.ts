/**
 * The table at the end of a run or a comparison. Measures are rows and phases or defences are columns, so that it
 * stays readable at 100 columns; where there are too many columns they go on in a second table.
 */
import { stripVTControlCharacters } from 'node:util';
import CliTable from 'cli-table3';
import picocolors from 'picocolors';
import type { AnyResult, ComparisonResult, RunResult } from '../harness/contract/result.ts';
import type { VerdictStatus } from '../harness/contract/verdict.ts';
import { comparisonHeadline, noiseSentence } from './model/comparison-findings.ts';
import { scenariosOf, shownSpreadOf } from './model/comparison.ts';
import type { ComparedMeasure, Contender, Scenario } from './model/comparison.ts';
import { predictionSentence } from './model/findings.ts';
import { number, plainText, UNKNOWN, withUnit } from './model/format.ts';
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
import { SALE_MEASURES } from './model/sale.ts';
import { WORKLOAD_MEASURES } from './model/workload.ts';
import { WRITE_MEASURES } from './model/writes.ts';

export interface TableOptions {
  colour: boolean;
  /** Columns of the terminal. */
  width: number;
}
type Colours = ReturnType<typeof picocolors.createColors>;
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
        ...[...WORKLOAD_MEASURES, ...WRITE_MEASURES, ...SALE_MEASURES]
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
    lines.push(...grid(['', ...scenario.contenders.map((x) => x.defence)], comparisonRows(scenario, c), c, width), '');
  }
  lines.push(...wrap(c.bold(plainText(comparisonHeadline(scenarios))), width));
  lines.push(...verdictLines(resultStatus(result), sentenceOf(result.verdict), c, width));
  for (const difference of result.differences)
    lines.push(...wrap(c.yellow(`differs: ${plainText(difference)}`), width));
  lines.push(...wrap(noiseSentence(scenarios), width));
  return `${lines.join('\n')}\n`;
}

function comparisonRows(scenario: Scenario, c: Colours): string[][] {
  const runs = scenario.contenders.flatMap((x) => x.runs);
  const phases: Phase[] = runs.some(hasFault) ? ['before', 'during', 'after'] : ['run'];
  const values = (label: string, id: string, phase: Phase): string[] => {
    const measure: ComparedMeasure = { meta: metaOf(runs[0]!, id), phase, label, sub: '' };
    return [label, ...scenario.contenders.map((x) => cell(x, measure))];
  };
  const cell = (x: Contender, measure: ComparedMeasure): string => {
    const spread = shownSpreadOf(x, measure);
    return withUnit(spread?.median, measure.meta.unit) + (spread?.doubtful ? ' ?' : '');
  };
  const predicted = (x: Contender): string =>
    number((x.usable[0] ?? x.runs[0]) && loadsPerExpiry(x.usable[0] ?? x.runs[0]!).predicted);
  const verdict = (x: Contender): string => {
    const statuses = x.runs.map(shownStatus);
    const worst =
      statuses.find((s) => s.status === 'fail') ?? statuses.find((s) => s.status === 'unknown') ?? statuses[0]!;
    return paint(worst.status, `${MARKS[worst.status]} ${worst.word}`, c);
  };
  const hasHotKey = runs.some((run) => run.plan.hotKey !== null);
  return [
    ...(hasHotKey
      ? [values('Loads per expiry', 'db.loadsPerExpiry', 'run'), ['  predicted', ...scenario.contenders.map(predicted)]]
      : []),
    values('Peak database rate', 'db.peakRate', 'run'),
    ...LATENCIES.flatMap(([id, label]) =>
      phases.map((phase) => values(phase === 'run' ? label : `${label} ${phase}`, id, phase)),
    ),
    values('Errors', 'errors.rate', 'run'),
    ...[...WORKLOAD_MEASURES, ...WRITE_MEASURES, ...SALE_MEASURES]
      .filter(([id]) => runs.some((run) => valueOf(run, 'run', id) !== null))
      .map(([id, label]) => values(label, id, 'run')),
    ...(runs.some(hasFault) ? [values('Recovery', 'recovery.time', 'run')] : []),
    ['Verdict', ...scenario.contenders.map(verdict)],
  ];
}

/** A table without walls; columns that do not fit go on in another one below. */
function grid(head: string[], rows: string[][], c: Colours, width: number): string[] {
  const names = head.map((name) => clip(plainText(name), 24));
  const bare = rows.map((row) => row.map((cell) => (cell === '' ? UNKNOWN : cell)));
  const size = (text: string): number => stripVTControlCharacters(text).length + 2;
  const widths = names.map((name, i) => Math.max(size(name), ...bare.map((row) => size(row[i] ?? ''))));
  const lines: string[] = [];
  for (let from = 1; from < names.length;) {
    let to = from + 1;
    let used = widths[0]! + widths[from]!;
    while (to < names.length && used + widths[to]! <= width) used += widths[to++]!;
    const pick = <T>(cells: T[]): T[] => [cells[0]!, ...cells.slice(from, to)];
    const table = new CliTable({
      head: pick(names).map((name) => c.bold(name)),
      colAligns: pick(names).map((_, i) => (i === 0 ? 'left' : 'right')),
      style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2, compact: true },
      chars: Object.fromEntries(
        [
          'top',
          'top-mid',
          'top-left',
          'top-right',
          'bottom',
          'bottom-mid',
          'bottom-left',
          'bottom-right',
          'left',
          'left-mid',
          'mid',
          'mid-mid',
          'right',
          'right-mid',
          'middle',
        ].map((k) => [k, '']),
      ),
    });
    table.push(...bare.map(pick));
    if (lines.length > 0) lines.push('');
    lines.push(
      ...table
        .toString()
        .split('\n')
        .map((line) => line.trimEnd()),
    );
    from = to;
  }
  return lines;
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

function clip(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

/** Breaks between words; a word longer than the line is broken too. */
function wrap(text: string, width: number): string[] {
  const lines = [''];
  for (const word of text.split(' ').flatMap((w) => w.match(new RegExp(`.{1,${width}}`, 'gsu')) ?? [''])) {
    const last = lines.at(-1)!;
    if (last === '') lines[lines.length - 1] = word;
    else if (last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return text === '' ? [] : lines;
}
