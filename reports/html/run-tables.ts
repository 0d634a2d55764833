/** The details of a run as tables: who waited how long, what failed, what the database did, and where it all ran. */
import { html as esc } from 'ghtml';
import { ERROR_OUTCOMES, REQUEST_OUTCOMES } from '../../harness/contract/operation.ts';
import { CACHE_OUTCOMES } from '../../harness/contract/defence.ts';
import type { EnvironmentManifest } from '../../harness/contract/environment.ts';
import type { HistogramRecord } from '../../harness/contract/load.ts';
import type { RunResult } from '../../harness/contract/result.ts';
import { OUTCOME_NAMES } from '../model/findings.ts';
import { bytes, milliseconds, number, seconds, withUnit } from '../model/format.ts';
import { hasFault, metaOf } from '../model/measures.ts';
import { histogramOf, quantileMs } from '../model/percentiles.ts';
import { renderTable, slug } from './table.ts';
import type { Cell } from './table.ts';

const QUANTILES = [
  ['p50', 2],
  ['p90', 10],
  ['p99', 100],
  ['p99.9', 1000],
] as const;

/** Latency per operation and per cache outcome. */
export function renderWho(run: RunResult): string {
  const operations = [...new Set(run.histograms.map((h) => h.operation))];
  const outcomes: (string | null)[] = [...CACHE_OUTCOMES, null].filter((o) =>
    run.histograms.some((h) => h.cacheOutcome === o),
  );
  const told = outcomes.some((o) => o !== null);
  const byOutcome = told
    ? latencyTable(
        'outcomes',
        'Per cache outcome, whole run. “not told” are requests without Cache-Status, such as time-outs.',
        'Cache outcome',
        outcomes.map((o) => [o ?? 'not told', (h) => h.cacheOutcome === o]),
        run,
      )
    : '<p class="sub">The target does not tell cache outcomes (Cache-Status, RFC 9211), so latency can not be split by them.</p>';
  return `${latencyTable(
    'operations',
    'Per operation, whole run, from the intended send',
    'Operation',
    operations.map((o) => [o, (h) => h.operation === o]),
    run,
  )}${byOutcome}`;
}

function latencyTable(
  id: string,
  caption: string,
  head: string,
  groups: [string, (record: HistogramRecord) => boolean][],
  run: RunResult,
): string {
  return renderTable({
    id,
    caption,
    columns: [
      { label: head },
      { label: 'Requests' },
      { label: 'Errors', sub: '%' },
      ...QUANTILES.map(([name]) => ({ label: name, sub: 'ms' })),
      { label: 'max', sub: 'ms' },
    ],
    rows: groups.map(([name, is]) => {
      const records = run.histograms.filter((h) => h.clock === 'intended' && is(h));
      const count = sum(records);
      const errors = sum(records.filter((h) => ERROR_OUTCOMES.has(h.outcome)));
      const histogram = histogramOf(run, 'run', is);
      return {
        id: `${id}-${slug(name)}`,
        cells: [
          name,
          whole(count),
          ratio(errors, count),
          ...QUANTILES.map(([, beyond]) => ms(histogram && quantileMs(histogram, beyond))),
          ms(histogram && histogram.maxValue / 1000),
        ],
      };
    }),
  });
}

/** How requests ended, by phase. */
export function renderErrors(run: RunResult): string {
  const phases = hasFault(run) ? (['before', 'during', 'after'] as const) : (['before'] as const);
  const outcomes = REQUEST_OUTCOMES.filter((o) => run.histograms.some((h) => h.outcome === o && h.count > 0));
  const count = (outcome: string, phase: string | null): number =>
    sum(run.histograms.filter((h) => h.clock === 'intended' && h.outcome === outcome && (!phase || h.phase === phase)));
  const table = renderTable({
    id: 'endings',
    caption: 'Requests by how they ended',
    columns: [
      { label: 'Ending' },
      ...(phases.length > 1 ? phases.map((p) => ({ label: p })) : []),
      { label: 'All' },
      { label: 'Share', sub: '%' },
    ],
    rows: outcomes.map((o) => {
      const all = count(o, null);
      const every = sum(run.histograms.filter((h) => h.clock === 'intended'));
      return {
        id: `ending-${o}`,
        cells: [
          OUTCOME_NAMES[o],
          ...(phases.length > 1 ? phases.map((p) => whole(count(o, p))) : []),
          whole(all),
          ratio(all, every),
        ],
      };
    }),
  });
  if (run.examples.length === 0) return table;
  const items = run.examples.slice(0, 20).map((e) => esc`<li><code>${shorten(e, 400)}</code></li>`);
  return `${table}<details><summary>The first examples</summary><ul class="plain">${items.join('')}</ul></details>`;
}

/** The statements that cost most. */
export function renderStatements(run: RunResult): string {
  if (run.statements.length === 0)
    return '<p class="sub">No statements were recorded: the target’s database was not observed.</p>';
  const rows = [...run.statements].sort((a, b) => b.totalMs - a.totalMs).slice(0, 10);
  return renderTable({
    id: 'statement-table',
    caption: 'From pg_stat_statements, by total time',
    columns: [
      { label: 'Statement', text: true },
      { label: 'Calls' },
      { label: 'Mean', sub: 'ms' },
      { label: 'Max', sub: 'ms' },
      { label: 'Total', sub: 's' },
    ],
    rows: rows.map((s, i) => ({
      id: `statement-${i + 1}`,
      cells: [
        { text: shorten(s.sql, 600), code: true, class: 'wide' },
        whole(s.calls),
        ms(s.meanMs),
        ms(s.maxMs),
        exact(s.totalMs / 1000),
      ],
    })),
  });
}

/** Every measure of every phase. */
export function renderMeasures(run: RunResult): string {
  const phases = ['run', 'before', 'during', 'after'].filter((p) => run.measures[p] !== undefined);
  const ids = [...new Set(phases.flatMap((p) => Object.keys(run.measures[p]!)))];
  return renderTable({
    id: 'measures',
    caption: 'Every measure; these ids are what a threshold names',
    columns: [
      { label: 'Measure' },
      { label: 'What it is', text: true },
      { label: 'Unit', text: true },
      ...phases.map((p) => ({ label: p === 'run' ? 'whole run' : p })),
    ],
    rows: ids.map((id) => {
      const meta = metaOf(run, id);
      return {
        id: `measure-${slug(id)}`,
        cells: [
          id,
          { text: meta.title, class: 'wide' },
          meta.unit,
          ...phases.map((p) => exact(run.measures[p]?.[id] ?? null)),
        ],
      };
    }),
    tall: true,
  });
}

/** Where it ran: environment, versions, machine. */
export function placeRows({ id, toxiproxy, versions, machine }: EnvironmentManifest): [string, string][] {
  return [
    ['Environment', `${id}, proxy: ${toxiproxy}`],
    ...Object.entries(versions),
    ['Machine', `${machine.platform}, ${machine.cores} cores, ${machine.cpuModel}, ${bytes(machine.memoryBytes)}`],
    ['Fingerprint', machine.fingerprint],
  ];
}

/** Command, seed, versions, machine, plan. */
export function renderOrigin(run: RunResult): string {
  const { environment, plan } = run;
  const pairs: [string, string][] = [
    ['Run', `${run.runId}, ${run.startedAt} to ${run.finishedAt}`],
    ['Seed', String(plan.seed)],
    ...placeRows(environment),
    ['Instances', String(plan.instances)],
    ['TTL', milliseconds(plan.ttlMs)],
    [
      'Load',
      `${plan.load.engine}, ${plan.load.arrivals} arrivals: ${plan.load.segments
        .map(
          (s) =>
            `${s.name} ${seconds(s.durationMs)} s at ${s.fromRatePerSec === s.toRatePerSec ? number(s.fromRatePerSec) : `${number(s.fromRatePerSec)} to ${number(s.toRatePerSec)}`}/s`,
        )
        .join(', ')}`,
    ],
    [
      'Probes',
      run.probes
        .map(
          (p) =>
            `${p.probe} every ${p.everyMs} ms, ${p.lostSamples} of ${p.samples} samples lost${p.error ? `, error: ${p.error}` : ''}`,
        )
        .join('; ') || 'none',
    ],
    [
      'Cost of the probes',
      run.probeCostCpuShare === null ? 'unknown' : `${withUnit(run.probeCostCpuShare * 100, '%')} of a core`,
    ],
    [
      'Faults',
      run.faults
        .map(
          (f) =>
            `${f.title}: ${f.confirmation.active ? 'confirmed' : 'not confirmed'}, ${f.confirmation.evidence}${f.error ? `, error: ${f.error}` : ''}`,
        )
        .join('; ') || 'none',
    ],
  ];
  const list = pairs.map(([name, value]) => esc`<dt>${name}</dt><dd>${value}</dd>`).join('');
  const planText = JSON.stringify(plan, null, 1);
  const shown =
    planText.length > 40_000 ? `${planText.slice(0, 40_000)}\n… cut here; the whole plan is in result.json` : planText;
  return esc`<pre>${run.command}</pre><dl class="pairs">!${list}</dl><details id="plan"><summary>The whole plan</summary><pre>${shown}</pre></details>`;
}

function sum(records: readonly HistogramRecord[]): number {
  return records.reduce((all, record) => all + record.count, 0);
}

function whole(count: number): Cell {
  return { text: Math.round(count).toLocaleString('en-US'), exact: count };
}

function ms(value: number | null): Cell {
  return value === null ? { text: '–' } : { text: number(value), exact: value };
}

function exact(value: number | null): Cell {
  return value === null ? { text: 'unknown', class: 's-unknown' } : { text: number(value), exact: value };
}

function ratio(part: number, all: number): Cell {
  return all === 0 ? { text: '–' } : exact((100 * part) / all);
}

function shorten(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most)} …`;
}
