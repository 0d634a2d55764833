/** The tables of a comparison: one row per defence, tinted by how near it is to no defence; ranks; what differs. */
import { html as esc } from 'ghtml';
import type { ComparisonResult } from '../../harness/contract/result.ts';
import { baselineOf, dominatorOf, rankOf, shownSpreadOf, spreadOf } from '../model/comparison.ts';
import type { ComparedMeasure, Contender, Scenario } from '../model/comparison.ts';
import { number, signed, unitLabel } from '../model/format.ts';
import { nameOf } from '../model/comparison-findings.ts';
import { loadsPerExpiry, MARKS, sentenceOf, shownStatus } from '../model/measures.ts';
import { renderTable, slug } from './table.ts';
import type { Cell } from './table.ts';

/** Defences × measures of one scenario. */
export function renderScenarioTable(scenario: Scenario, prefix: string): string {
  const baseline = baselineOf(scenario);
  const table = renderTable({
    id: `${prefix}-table`,
    caption: `${scenario.title}. The darker a cell, the nearer to ${baseline ? `no defence (${baseline.defence})` : 'the worst'}; a dot where nothing is clearly better${scenario.contenders.some((c) => c.usable.length === 0) ? '; a question mark where no run is valid' : ''}.`,
    columns: [
      { label: 'Defence' },
      ...scenario.measures.map((m) => ({
        label: m.label,
        sub: m.sub,
      })),
    ],
    rows: scenario.contenders.map((contender) => ({
      id: `${prefix}-row-${slug(contender.defence)}`,
      cells: [name(contender), ...scenario.measures.map((m) => valueCell(contender, scenario, m, prefix))],
    })),
  });
  const beaten = scenario.contenders.flatMap((contender) => {
    const by = dominatorOf(contender, scenario);
    return by
      ? [
          esc`<li><b>${contender.defence}</b> is beaten by <b>${by.defence}</b>: better on none of these measures, clearly worse on ${by.worseOn} of ${scenario.measures.length}.</li>`,
        ]
      : [];
  });
  return table + (beaten.length > 0 ? `<ul class="plain sub">${beaten.join('')}</ul>` : '');
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
  return { text: contender.defence, small: notes.filter(Boolean).join(', ') };
}

function valueCell(contender: Contender, scenario: Scenario, measure: ComparedMeasure, prefix: string): Cell {
  const id = `${prefix}-${slug(contender.defence)}-${slug(measure.phase)}-${slug(measure.meta.id)}`;
  const spread = shownSpreadOf(contender, measure);
  if (!spread) return { text: 'unknown', class: 's-unknown', id };
  const cell: Cell = { text: `${number(spread.median)}${spread.doubtful ? ' ?' : ''}`, exact: spread.median, id };
  const small: string[] = [];
  if (spread.repeats > 1 && spread.high > spread.low) small.push(`${number(spread.low)} to ${number(spread.high)}`);
  const run = contender.usable[0] ?? contender.runs[0];
  if (measure.meta.id === 'db.loadsPerExpiry' && run) {
    const { predicted, deviation, deviates } = loadsPerExpiry(run);
    if (predicted !== null)
      small.push(
        `predicted ${number(predicted)}${deviates && deviation !== null ? `: ${signed(deviation * 100, 'count')} % off` : ''}`,
      );
  }
  if (small.length > 0) cell.small = small.join('; ');
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
  const base = baselineOf(scenario);
  const baseline = (base && spreadOf(base, measure)?.median) ?? (lower ? Math.max(...all) : Math.min(...all));
  const ratio = lower ? own / (baseline || own || 1) : (baseline || own || 1) / (own || 1);
  return ratio > 0.75 ? 't4' : ratio > 0.5 ? 't3' : ratio > 0.25 ? 't2' : 't1';
}

/** For each measure a table of defences × scenarios; one is open at a time, without a script. */
export function renderMatrices(scenarios: Scenario[]): string {
  const measures = new Map<string, ComparedMeasure>();
  for (const scenario of scenarios)
    for (const measure of scenario.measures) measures.set(`${measure.meta.id} ${measure.phase}`, measure);
  const defences = [...new Set(scenarios.flatMap((s) => s.contenders.map((c) => c.defence)))];
  return [...measures.entries()]
    .map(([key, measure], i) => {
      const table = renderTable({
        id: `matrix-${slug(key)}`,
        caption: `${nameOf(measure)}${unitLabel(measure.meta.unit) && `, ${unitLabel(measure.meta.unit)}`}`,
        columns: [{ label: 'Defence' }, ...scenarios.map((s) => ({ label: s.title }))],
        rows: defences.map((defence) => ({
          cells: [
            defence,
            ...scenarios.map((scenario, k): Cell => {
              const contender = scenario.contenders.find((c) => c.defence === defence);
              const own = scenario.measures.find((m) => m.meta.id === measure.meta.id && m.phase === measure.phase);
              if (!contender || !own) return { text: '–' };
              return valueCell(contender, scenario, own, `m${i + 1}-s${k + 1}`);
            }),
          ],
        })),
      });
      return esc`<details name="matrix"!${i === 0 ? ' open' : ''}><summary>${nameOf(measure)}</summary>!${table}</details>`;
    })
    .join('');
}

/** Ranks with ties. */
export function renderRanks(scenario: Scenario, prefix: string): string {
  return renderTable({
    id: `${prefix}-ranks`,
    caption: scenario.title,
    columns: [
      { label: 'Defence' },
      ...scenario.measures.map((m) => ({ label: m.label, sub: m.sub === 'per request' ? m.sub : ' ' })),
    ],
    rows: scenario.contenders.map((contender) => ({
      cells: [
        contender.defence,
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
export function renderOrigins(result: ComparisonResult): string {
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
      { label: 'Defence', text: true },
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
