/**
 * The findings as Markdown, for a CI summary or a comment on a change. GitHub takes at most 1 MiB and drops what is
 * longer as a whole, so we cut it ourselves; text from outside is escaped, mentions and links included.
 */
import type { AnyResult, ComparisonResult, RunResult } from '../harness/contract/result.ts';
import {
  comparisonHeadline,
  missesSentence,
  noiseSentence,
  predictionText,
  scenarioSentences,
} from './model/comparison-findings.ts';
import { comparedOf } from './model/compared.ts';
import { dominatorOf, memoryRatio, scenariosOf, shownSpreadOf } from './model/comparison.ts';
import type { Scenario } from './model/comparison.ts';
import { predictionSentence } from './model/findings.ts';
import { code, cut, escape, MAX_MARKDOWN_BYTES, table } from './markdown-text.ts';
import { bytes, number, signed, unitLabel, withUnit } from './model/format.ts';
import {
  byStatus,
  hasFault,
  MARKS,
  metaOf,
  resultStatus,
  sentenceOf,
  shownStatus,
  valueOf,
  worstFirst,
} from './model/measures.ts';
import { intervalSentence, intervalTable } from './model/intervals.ts';
import { SALE_MEASURES } from './model/sale.ts';

const ROWS = [
  'latency.p50',
  'latency.p99',
  'latency.p999',
  'errors.rate',
  'shed.rate',
  'cache.hitRatio',
  'db.peakRate',
  'db.queriesPerRequest',
  'redis.opsPerRequest',
  ...SALE_MEASURES.map(([id]) => id),
];

/** Renders a result as GitHub-flavoured Markdown of at most 1 MiB. The hidden first line finds a comment again. */
export function renderMarkdown(result: AnyResult): string {
  const lines = ['<!-- cachequake -->', ...(result.kind === 'run' ? runLines(result) : comparisonLines(result))];
  return cut(lines, { bytes: MAX_MARKDOWN_BYTES, because: 'a summary may hold 1 MiB' });
}

function runLines(run: RunResult): string[] {
  const { status, word } = shownStatus(run);
  return [
    `## ${MARKS[status]} ${word}: ${escape(sentenceOf(run.verdict))}`,
    '',
    escape(run.verdict.explanation),
    '',
    `${code(run.plan.profile.id)} with ${code(run.plan.label)}, seed ${run.plan.seed}.`,
    '',
    ...warnings(run),
    ...checkLines(run),
    ...measureLines(run),
    escape(predictionSentence(run)),
    '',
    `Repeat it: ${code(run.command)}`,
    '',
  ];
}

function warnings(run: RunResult): string[] {
  const lines: string[] = [];
  if (run.partial) lines.push('> **Interrupted:** the run did not reach its end; nothing here counts as passed.', '');
  const broken = run.validity.findings.filter((f) => !f.ok);
  if (!run.validity.valid)
    lines.push(
      `> **Invalid:** ${escape(broken.map((f) => f.message).join('; ') || 'the run did not meet its own conditions')}`,
      '',
    );
  for (const note of run.environment.notes) lines.push(`> ${escape(note)}`, '');
  return lines;
}

function checkLines(run: RunResult): string[] {
  const rows = byStatus([
    ...worstFirst(run.thresholds).map((t) => ({
      status: t.status,
      cells: [
        escape(t.text),
        escape(`${t.operator} ${withUnit(t.limit, t.unit)}`),
        `${MARKS[t.status]} ${withUnit(t.actual, t.unit)}`,
        t.actual === null ? '' : signed(t.actual - t.limit, t.unit),
      ],
    })),
    ...run.checks.map((c) => ({
      status: c.status,
      cells: [escape(c.title), 'holds', `${MARKS[c.status]} ${escape(c.message)}`, ''],
    })),
  ]);
  if (rows.length === 0) return ['Nothing was judged: no thresholds and no checks.', ''];
  return [
    ...table(
      ['Check', 'Limit', 'Measured', 'Margin'],
      rows.map((r) => r.cells),
    ),
    '',
  ];
}

function measureLines(run: RunResult): string[] {
  const phases = hasFault(run) ? (['run', 'before', 'during', 'after'] as const) : (['run'] as const);
  const rows = ROWS.filter((id) => phases.some((p) => valueOf(run, p, id) !== null)).map((id) => {
    const meta = metaOf(run, id);
    return [escape(meta.title), ...phases.map((p) => withUnit(valueOf(run, p, id), meta.unit))];
  });
  return [...table(['Measure', ...phases.map((p) => (p === 'run' ? 'whole run' : p))], rows), ''];
}

function comparisonLines(result: ComparisonResult): string[] {
  const scenarios = scenariosOf(result);
  const { status, word } = resultStatus(result);
  return [
    `## ${escape(comparisonHeadline(scenarios))}`,
    '',
    `**${MARKS[status]} ${word}:** ${escape(sentenceOf(result.verdict))}. ${escape(result.verdict.explanation)}`,
    '',
    ...(result.partial ? ['> **Interrupted:** not every run took place; nothing here counts as passed.', ''] : []),
    ...result.differences.flatMap((d) => [`> **Differs:** ${escape(d)}`, '']),
    ...[...new Set(result.runs.flatMap((run) => run.environment.notes))].flatMap((note) => [`> ${escape(note)}`, '']),
    ...scenarios.flatMap(scenarioLines),
    escape(noiseSentence(scenarios)),
    '',
    `Repeat it: ${code(result.command)}`,
    '',
  ];
}

function scenarioLines(scenario: Scenario): string[] {
  const rows = scenario.contenders.map((contender) => {
    const statuses = contender.runs.map((run) => shownStatus(run));
    const worst =
      statuses.find((s) => s.status === 'fail') ?? statuses.find((s) => s.status === 'unknown') ?? statuses[0];
    return [
      escape(contender.name),
      ...scenario.measures.map((measure) => {
        const spread = shownSpreadOf(contender, measure);
        if (!spread) return 'unknown';
        const show = measure.meta.unit === 'bytes' ? bytes : number;
        const range = spread.high > spread.low ? ` (${show(spread.low)}–${show(spread.high)})` : '';
        const prediction = measure.meta.id === 'db.loadsPerExpiry' ? predictionText(contender) : null;
        const ratio = measure.meta.id === 'redis.memory' ? memoryRatio(contender, scenario, measure) : null;
        return `${show(spread.median)}${spread.doubtful ? ' ?' : ''}${range}${prediction ? `, ${prediction.text}` : ''}${ratio === null ? '' : `, ${number(ratio)} × no defence`}`;
      }),
      worst ? `${MARKS[worst.status]} ${worst.word}` : '',
    ];
  });
  const beaten = scenario.contenders.flatMap((contender) => {
    const by = dominatorOf(contender, scenario);
    return by
      ? [
          `- ${escape(contender.name)} is beaten by ${escape(by.name)}: better on no measure, clearly worse on ${by.worseOn} of ${scenario.measures.length}.`,
        ]
      : [];
  });
  const misses = missesSentence(scenario);
  const head = scenario.measures.map(
    (m) =>
      `${m.group === 'cost' ? 'Cost: ' : ''}${escape(m.name)}${m.meta.unit === 'bytes' || unitLabel(m.meta.unit) === '' ? '' : `, ${escape(unitLabel(m.meta.unit))}`}`,
  );
  return [
    `### ${escape(scenario.title)}`,
    '',
    ...scenarioSentences(scenario).map((s) => `- ${escape(s)}`),
    '',
    ...table([escape(comparedOf([scenario]).head), ...head, 'Verdict'], rows),
    '',
    ...(misses === null ? [] : [`- ${escape(misses)}`]),
    ...beaten,
    '',
    ...intervalLines(scenario),
  ];
}

function intervalLines(scenario: Scenario): string[] {
  const found = intervalTable(scenario);
  if (!found) return [];
  const head = found.measures.map(({ name, phase }) => escape(phase === '' ? name : `${name} ${phase}`));
  const rows = found.rows.map(({ name, cells }) => [
    escape(name),
    ...cells.map((cell) => (cell ? escape(cell.range === '' ? cell.text : `${cell.text} (${cell.range})`) : '–')),
  ]);
  return [escape(intervalSentence(scenario)), '', ...table([`Against ${escape(found.against)}`, ...head], rows), ''];
}
