/** The tables of a comparison: one row per contender, tinted by how near it is to no defence; ranks; what differs. */
import { html as esc } from 'ghtml';
import type { ComparisonResult } from '../../harness/contract/result.ts';
import { baselineOf, dominatorOf, memoryRatio, rankOf, shownSpreadOf, spreadOf } from '../model/comparison.ts';
import type { ComparedMeasure, Contender, Scenario } from '../model/comparison.ts';
import { GROUPS } from '../model/columns.ts';
import { comparedOf } from '../model/compared.ts';
import { bytes, number, plural, unitLabel } from '../model/format.ts';
import { missesSentence, predictionText } from '../model/comparison-findings.ts';
import { type IntervalCell, intervalTable, isWithinNoise } from '../model/intervals.ts';
import { MARKS, sentenceOf, shownStatus } from '../model/measures.ts';
import { renderTable, slug } from './table.ts';
import type { Cell } from './table.ts';

/** Contenders × measures of one scenario, benefits and costs under heads of their own. */
export function renderScenarioTable(scenario: Scenario, prefix: string): string {
  const bases = new Set(scenario.contenders.flatMap((c) => baselineOf(c, scenario) ?? []));
  const nearer =
    bases.size === 0 ? 'the worst' : `no defence (${bases.size === 1 ? [...bases][0]!.name : 'beside the same'})`;
  const doubt = scenario.contenders.some((c) => c.usable.length === 0) ? '; a question mark where no run is valid' : '';
  const table = renderTable({
    id: `${prefix}-table`,
    caption: `${scenario.title}. The darker a cell, the nearer to ${nearer}; a dot where nothing is clearly better${doubt}.`,
    columns: [
      { label: comparedOf([scenario]).head },
      ...scenario.measures.map((m) => ({
        label: m.label,
        sub: m.sub,
      })),
    ],
    groups: GROUPS.map(({ group, label, sub }) => ({
      label,
      sub,
      columns: scenario.measures.filter((m) => m.group === group).length,
    })),
    rows: scenario.contenders.map((contender) => ({
      id: `${prefix}-row-${idOf(contender, scenario)}`,
      cells: [name(contender), ...scenario.measures.map((m) => valueCell(contender, scenario, m, prefix))],
    })),
  });
  const beaten = scenario.contenders.flatMap((contender) => {
    const by = dominatorOf(contender, scenario);
    return by
      ? [
          esc`<li><b>${contender.name}</b> is beaten by <b>${by.name}</b>: better on none of these measures, clearly worse on ${by.worseOn} of ${scenario.measures.length}.</li>`,
        ]
      : [];
  });
  const misses = missesSentence(scenario);
  const items = [...(misses === null ? [] : [esc`<li>${misses}</li>`]), ...beaten.slice(0, MOST_BEATEN)];
  if (beaten.length > MOST_BEATEN)
    items.push(esc`<li>${plural(beaten.length - MOST_BEATEN, 'other is', 'others are')} beaten like that.</li>`);
  return table + (items.length > 0 ? `<ul class="plain sub">${items.join('')}</ul>` : '');
}

/** More sentences of one form nobody reads; the ranks below have it all. */
const MOST_BEATEN = 6;

/** Names may differ in signs alone, which an id does not keep. */
function idOf(contender: Contender, scenario: Scenario): string {
  const own = slug(contender.name);
  const at = scenario.contenders.indexOf(contender);
  return scenario.contenders.findIndex((c) => slug(c.name) === own) === at ? own : `${own}-${at + 1}`;
}

function name(contender: Contender): Cell {
  const statuses = contender.runs.map((run) => shownStatus(run));
  const worst =
    statuses.find((s) => s.status === 'fail') ?? statuses.find((s) => s.status === 'unknown') ?? statuses[0];
  const short = contender.runs.length - contender.usable.length;
  const notes = [
    worst ? `${MARKS[worst.status]} ${worst.word.toLowerCase()}` : '',
    short > 0 && contender.runs.length > 1 ? `${short} of ${contender.runs.length} not valid` : '',
  ];
  return { text: contender.name, small: notes.filter(Boolean).join(', ') };
}

function valueCell(contender: Contender, scenario: Scenario, measure: ComparedMeasure, prefix: string): Cell {
  const id = `${prefix}-${idOf(contender, scenario)}-${slug(measure.phase)}-${slug(measure.meta.id)}`;
  const spread = shownSpreadOf(contender, measure);
  if (!spread) return { text: 'unknown', class: 's-unknown', id };
  const show = measure.meta.unit === 'bytes' ? bytes : number;
  const cell: Cell = { text: `${show(spread.median)}${spread.doubtful ? ' ?' : ''}`, exact: spread.median, id };
  const small: string[] = [];
  if (spread.repeats > 1 && spread.high > spread.low) small.push(`${show(spread.low)} to ${show(spread.high)}`);
  const prediction = measure.meta.id === 'db.loadsPerExpiry' ? predictionText(contender) : null;
  if (prediction) small.push(...prediction.text.split(': '));
  if (prediction?.misses) cell.off = true;
  const ratio = measure.meta.id === 'redis.memory' ? memoryRatio(contender, scenario, measure) : null;
  if (ratio !== null) small.push(`${number(ratio)} × no defence`);
  if (isWithinNoise(scenario, contender.name, measure)) small.push('within noise');
  // A narrow column breaks between the parts and not inside them.
  if (small.length > 0) cell.small = small.map((part) => part.replaceAll(/(?<! to) (?!no )/g, '\u00a0')).join(' ');
  const tint = spread.doubtful ? 'doubt' : tintOf(contender, scenario, measure);
  if (tint) cell.class = tint;
  return cell;
}

/** The ratio to no defence, in four steps; nothing that is clearly better than this is needed for a tint. */
function tintOf(contender: Contender, scenario: Scenario, measure: ComparedMeasure): string | undefined {
  const ranks = scenario.contenders.map((c) => rankOf(c, scenario, measure));
  if (ranks.every((rank) => rank === null || rank === 1)) return undefined;
  if (rankOf(contender, scenario, measure) === 1) return 'best';
  const own = spreadOf(contender, measure)!.median;
  const lower = measure.meta.better === 'lower';
  const all = scenario.contenders.flatMap((c) => spreadOf(c, measure)?.median ?? []);
  const base = baselineOf(contender, scenario);
  const baseline = (base && spreadOf(base, measure)?.median) ?? (lower ? Math.max(...all) : Math.min(...all));
  const ratio = lower ? own / (baseline || own || 1) : (baseline || own || 1) / (own || 1);
  return ratio > 0.75 ? 't4' : ratio > 0.5 ? 't3' : ratio > 0.25 ? 't2' : 't1';
}

/** What repeats show of each against one of them; empty where each was run once. */
export function renderIntervals(scenario: Scenario, prefix: string): string {
  const table = intervalTable(scenario);
  if (!table) return '';
  return renderTable({
    id: `${prefix}-intervals`,
    caption: `${scenario.title}, against ${table.against}`,
    columns: [
      { label: comparedOf([scenario]).head },
      ...table.measures.map(({ name, phase }) => ({ label: name, sub: phase })),
    ],
    rows: table.rows.map((row) => ({
      cells: [row.name, ...row.cells.map((cell): Cell => (cell ? intervalCell(cell) : { text: '–' }))],
    })),
  });
}

function intervalCell({ text, range, outcome }: IntervalCell): Cell {
  const tint = { better: 's-pass', worse: 's-fail', 'within-noise': '', 'too-few': 's-unknown' }[outcome];
  return { text, ...(range !== '' && { small: range }), ...(tint !== '' && { class: tint }) };
}

/** For each measure a table of contenders × scenarios; one is open at a time, without a script. */
export function renderMatrices(scenarios: Scenario[]): string {
  const measures = new Map<string, ComparedMeasure>();
  for (const scenario of scenarios)
    for (const measure of scenario.measures) measures.set(`${measure.meta.id} ${measure.phase}`, measure);
  const names = [...new Set(scenarios.flatMap((s) => s.contenders.map((c) => c.name)))];
  const { head } = comparedOf(scenarios);
  return [...measures.entries()]
    .map(([key, measure], i) => {
      const table = renderTable({
        id: `matrix-${slug(key)}`,
        caption: `${measure.name}${unitLabel(measure.meta.unit) && `, ${unitLabel(measure.meta.unit)}`}`,
        columns: [{ label: head }, ...scenarios.map((s) => ({ label: s.title }))],
        rows: names.map((given) => ({
          cells: [
            given,
            ...scenarios.map((scenario, k): Cell => {
              const contender = scenario.contenders.find((c) => c.name === given);
              const own = scenario.measures.find((m) => m.meta.id === measure.meta.id && m.phase === measure.phase);
              if (!contender || !own) return { text: '–' };
              return valueCell(contender, scenario, own, `m${i + 1}-s${k + 1}`);
            }),
          ],
        })),
      });
      return esc`<details name="matrix"!${i === 0 ? ' open' : ''}><summary>${measure.name}</summary>!${table}</details>`;
    })
    .join('');
}

/** Ranks with ties. */
export function renderRanks(scenario: Scenario, prefix: string): string {
  return renderTable({
    id: `${prefix}-ranks`,
    caption: scenario.title,
    columns: [{ label: comparedOf([scenario]).head }, ...scenario.measures.map((m) => ({ label: m.name }))],
    rows: scenario.contenders.map((contender) => ({
      cells: [
        contender.name,
        ...scenario.measures.map((m): Cell => {
          if (m.meta.better === 'neither') return { text: '–' };
          const rank = rankOf(contender, scenario, m);
          const tied = scenario.contenders.filter((c) => rankOf(c, scenario, m) === rank).length > 1;
          return rank === null
            ? { text: 'unknown', class: 's-unknown' }
            : { text: `${rank}${tied ? ' =' : ''}`, exact: rank };
        }),
      ],
    })),
  });
}

/** The runs and what they were made with; a value that is not the same everywhere is named in words above. */
export function renderOrigins(result: ComparisonResult, head: string): string {
  const facts: [string, (run: ComparisonResult['runs'][number]) => string][] = [
    ['seed', (run) => String(run.plan.seed)],
    ['machine', (run) => run.environment.machine.fingerprint],
    ['Cachequake', (run) => run.cachequakeVersion],
    ['environment', (run) => run.environment.id],
    [
      'versions',
      (run) =>
        Object.entries(run.environment.versions)
          .map(([k, v]) => `${k}: ${v}`)
          .sort()
          .join(', '),
    ],
  ];
  const different = facts.filter(([, of]) => new Set(result.runs.map(of)).size > 1).map(([name]) => name);
  const words = [
    ...result.differences.map((d) => esc`<li>${d}</li>`),
    different.length === 0
      ? '<li>Seed, machine, versions and environment are the same for all runs.</li>'
      : esc`<li>Not the same for all runs: ${different.join(', ')}.</li>`,
  ];
  const table = renderTable({
    id: 'runs',
    caption: 'The runs',
    columns: [
      { label: 'Run' },
      { label: 'Profile', text: true },
      { label: head, text: true },
      { label: 'Seed' },
      { label: 'Verdict', text: true },
      { label: 'In words', text: true },
    ],
    rows: result.runs.map((run) => {
      const { status, word } = shownStatus(run);
      return {
        id: `run-${slug(run.runId)}`,
        cells: [
          run.runId,
          run.plan.profile.id,
          run.plan.label,
          String(run.plan.seed),
          { text: `${MARKS[status]} ${word}`, class: `s-${status}` },
          { text: sentenceOf(run.verdict), class: 'wide' },
        ],
      };
    }),
  });
  return `<ul class="plain">${words.join('')}</ul>${table}`;
}
