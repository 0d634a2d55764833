/** The findings about libraries as people read them: tables and sentences, once for a terminal and once as Markdown. */
import CliTable from 'cli-table3';
import type { EnvironmentManifest } from '../contract/environment.ts';
import type { CaseDescription, Facts } from '../../targets/libraries/_case.ts';
import type { LOAD_PART } from '../../targets/libraries/_load-part.ts';
import { isStarved, STARVED_LIMIT_MS } from '../../targets/libraries/_starvation.ts';
import type { LoadOutcome } from '../../targets/libraries/_suite.ts';

/** All that `libraries.json` holds. */
export interface LibrariesReport {
  kind: 'libraries';
  cachequakeVersion: string;
  command: string;
  startedAt: string;
  finishedAt: string;
  machine: EnvironmentManifest['machine'];
  /** Of the last minute when the run began: above the number of cores, times are those of a busy machine. */
  loadAverage: number;
  runtime: { node: string; redis: string };
  subjects: { id: string; kind: 'library' | 'defence'; versions: Record<string, string> }[];
  cases: (Omit<CaseDescription, 'finding'> & {
    outcomes: {
      subject: string;
      facts: Facts | null;
      problem: string | null;
      starvedMs: number | null;
      finding: string | null;
    }[];
  })[];
  load: typeof LOAD_PART & { rounds: number; outcomes: LoadOutcome[] };
}

interface Table {
  title: string;
  prose: string;
  head: string[];
  rows: string[][];
}

function cell(value: number | boolean | null | undefined): string {
  if (value === null || value === undefined) return '–';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return value.toLocaleString('en');
}

/** `bentocache 1.6.1`; our own carry the version once, in the line about versions. */
function nameOf(report: LibrariesReport, id: string): string {
  const subject = report.subjects.find((one) => one.id === id);
  return subject?.kind === 'library' ? `${id} ${Object.values(subject.versions)[0] ?? ''}` : `${id} (ours)`;
}

/** Marks what a busy machine may have made. */
const mark = (starved: boolean): string => (starved ? ' *' : '');

function caseTable(report: LibrariesReport, one: LibrariesReport['cases'][number]): Table {
  return {
    title: one.title,
    prose: one.prose,
    head: ['', ...one.columns.map(({ title, unit }) => (unit ? `${title}, ${unit}` : title))],
    rows: one.outcomes.map(({ subject, facts, problem, starvedMs }) => [
      nameOf(report, subject) + mark(isStarved(starvedMs, one.about)),
      ...(facts
        ? one.columns.map(({ fact }) => cell(facts[fact]))
        : [problem ?? '', ...one.columns.slice(1).map(() => '')]),
    ]),
  };
}

function loadTable(report: LibrariesReport): Table {
  const { processes, readers, pauseMs, recomputeMs, ttlMs, durationMs, rounds, outcomes } = report.load;
  const rows = report.subjects.map(({ id }) => {
    const mine = outcomes.filter(({ subject }) => subject === id).toSorted((a, b) => a.round - b.round);
    const results = mine.flatMap(({ result }) => (result ? [result] : []));
    if (results.length === 0) return [nameOf(report, id), mine[0]?.problem ?? 'not run', '', '', '', '', ''];
    const sum = (of: (result: (typeof results)[number]) => number): number =>
      results.reduce((total, result) => total + of(result), 0);
    return [
      nameOf(report, id) + mark(results.some((r) => isStarved(r.starvedMs, 'times'))),
      cell(sum((r) => r.reads)),
      cell(sum((r) => r.failed)),
      (
        sum((r) => r.loads) /
        Math.max(
          1,
          sum((r) => r.expiries),
        )
      ).toFixed(2),
      cell(Math.max(...results.map((r) => r.mostLoadsPerExpiry))),
      results.map((r) => r.p50Ms).join(' / '),
      results.map((r) => r.p99Ms).join(' / '),
    ];
  });
  return {
    title: 'The same load',
    prose:
      `${readers} readers of one hot key over ${processes} processes, each reading again ${pauseMs} ms after its answer, ` +
      `for ${durationMs / 1000} s; TTL ${ttlMs / 1000} s, the loader takes ${recomputeMs} ms. ${rounds} rounds in turn, ` +
      'every second one backwards. Loads that begin within half a TTL of each other belong to one expiry, the cold ' +
      'start included. Latency of a read by its caller, each round apart.',
    head: ['', 'reads', 'failed or empty', 'loads per expiry', 'most of one expiry', 'p50, ms', 'p99, ms'],
    rows,
  };
}

const tablesOf = (report: LibrariesReport): Table[] => [
  ...report.cases.map((one) => caseTable(report, one)),
  loadTable(report),
];

/** One sentence for each noteworthy fact, by case, with the version. */
function findingsOf(report: LibrariesReport): string[] {
  return report.cases.flatMap(({ title, outcomes }) =>
    outcomes.flatMap(({ subject, finding }) =>
      finding === null ? [] : [`${title}: ${nameOf(report, subject)}: ${finding}.`],
    ),
  );
}

function versionLines(report: LibrariesReport): string[] {
  const libraries = report.subjects.filter(({ kind }) => kind === 'library');
  return libraries.map(
    ({ id, versions }) =>
      `${id}: ${Object.entries(versions)
        .map(([name, version]) => `${name} ${version}`)
        .join(', ')}`,
  );
}

/** Says how many rows are marked; empty where none is. */
function starvedLine(report: LibrariesReport): string {
  const cases = report.cases.flatMap(({ about, outcomes }) => outcomes.map((one) => isStarved(one.starvedMs, about)));
  const load = report.load.outcomes.map(({ result }) => isStarved(result?.starvedMs ?? null, 'times'));
  const all = [...cases, ...load];
  const marked = all.filter(Boolean).length;
  return marked === 0
    ? ''
    : `* The machine was busy: in ${marked} of ${all.length} runs a process waited for a core for more than ` +
        `${STARVED_LIMIT_MS.counts} ms in all, or ${STARVED_LIMIT_MS.times} ms where it is about time. These are marked ` +
        'and no finding is made of them; run again on a quiet machine.';
}

function placeLine({ cachequakeVersion, machine, loadAverage, runtime, startedAt }: LibrariesReport): string {
  return (
    `${startedAt}, cachequake ${cachequakeVersion}, Node ${runtime.node}, Redis ${runtime.redis}, ${machine.platform}, ` +
    `${machine.cores} cores, ${machine.cpuModel}, load average at the start ${loadAverage}`
  );
}

const wrap = (text: string, width: number): string =>
  text
    .match(new RegExp(`.{1,${width}}(?:\\s|$)`, 'g'))!
    .map((line) => line.trim())
    .join('\n');

/** Tables and findings for a terminal, without colours. */
export function renderLibrariesText(report: LibrariesReport): string {
  const tables = tablesOf(report).map(({ title, prose, head, rows }) => {
    const table = new CliTable({ head, style: { head: [], border: [], compact: true } });
    table.push(...rows);
    return `${title}\n${wrap(prose, 100)}\n${table.toString()}\n`;
  });
  return [
    ...tables,
    'Findings',
    ...findingsOf(report).map((finding) => wrap(`- ${finding}`, 110)),
    '',
    ...(starvedLine(report) ? [wrap(starvedLine(report), 110), ''] : []),
    ...versionLines(report),
    placeLine(report),
  ].join('\n');
}

const escape = (text: string): string => text.replaceAll('|', '\\|');

/** The same as Markdown. */
export function renderLibrariesMarkdown(report: LibrariesReport): string {
  const line = (cells: string[]): string => `| ${cells.map(escape).join(' | ')} |`;
  const tables = tablesOf(report).map(
    ({ title, prose, head, rows }) =>
      `## ${title}\n\n${prose}\n\n${[line(head), line(head.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n')}\n`,
  );
  return `# Cache libraries under the same cases and the same load

\`${report.command}\`

${placeLine(report)}.

Versions:

${versionLines(report)
  .map((text) => `- ${text}`)
  .join('\n')}

${tables.join('\n')}
## Findings

${findingsOf(report)
  .map((finding) => `- ${finding}`)
  .join('\n')}
${starvedLine(report) ? `\n${starvedLine(report).replace('*', '\\*')}\n` : ''}`;
}
