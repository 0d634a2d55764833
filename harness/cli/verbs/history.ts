/** `cachequake history`: a measure over all results of a folder, with the points at which it changed. */
import { lstat, readdir, writeFile } from 'node:fs/promises';
import { extname, join, relative, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import type { MeasureMeta } from '../../contract/verdict.ts';
import { EXIT, HarnessError, messageOf } from '../../contract/errors.ts';
import { packageVersion } from '../../kit/package-root.ts';
import { unknownName } from '../../kit/suggest.ts';
import type { HistoryEntry, HistoryPhase } from '../../../reports/history/entries.ts';
import type { History } from '../../../reports/history/history.ts';
import { typedCommand } from '../typed-command.ts';

type Format = 'text' | 'html' | 'json' | 'csv';
const FORMATS: readonly Format[] = ['text', 'html', 'json', 'csv'];

interface Flags {
  measure: string;
  format?: Format;
  output?: string;
  since?: string;
  permutations: number;
  failOnChange?: true;
}
interface Unreadable {
  file: string;
  reason: string;
}

export function addHistoryVerb(program: Command): void {
  program
    .command('history')
    .summary('show a measure over many results, with its change points')
    .description(
      'Reads every result.json below a folder and shows one measure over time: each experiment on each machine for itself, with the points at which its level changed. Slow creep, which no gate sees between two commits, is seen here.',
    )
    .argument('[folder]', 'folder of results', 'reports/runs')
    .option(
      '-m, --measure <name>',
      'measure by id or short name, with a phase before it where wanted: during.p99',
      'p99',
    )
    .addOption(
      new Option('-f, --format <format>', 'default: by the ending of -o, otherwise text').choices([...FORMATS]),
    )
    .option('-o, --output <file>', 'file to write to instead of stdout')
    .option('--since <when>', 'leave out what is older: a date (2026-01-31), or an age (90d, 12h)')
    .option('--permutations <number>', 'of each test for a change; more take longer and tell p finer', Number, 499)
    .option('--fail-on-change', `exit with ${EXIT.failed} where the measure changed to the worse`)
    .addHelpText(
      'after',
      `
Examples:
  cachequake history reports/runs
  cachequake history results --measure queriesPerRequest -o history.html
  cachequake history results --measure during.p99 --since 90d --fail-on-change`,
    )
    .action(async (folder: string, flags: Flags) => {
      const { permutations } = flags;
      if (!Number.isInteger(permutations) || permutations < 99 || permutations > 100_000)
        throw new HarnessError('BAD_PARAMETER', '--permutations must be a whole number from 99 to 100000', {
          hint: 'fewer than 99 can never show a change at the level of 1 %',
        });
      const since = flags.since === undefined ? null : parseSince(flags.since, Date.now());
      const format = formatOf(flags);
      const { entries, unreadable, files } = await readEntries(resolve(folder));
      if (files === 0)
        throw new HarnessError('BAD_RESULT', `no result.json below ${folder}`, {
          hint: 'name a folder that holds the folders of runs, such as reports/runs',
        });
      const { measure, phase } = await resolveMeasure(flags.measure, entries);
      const { historyOf } = await import('../../../reports/history/history.ts');
      const history = historyOf(entries, { measure, phase, since, permutations });
      const text = await render(history, format, unreadable, flags.output !== undefined);
      if (flags.output === undefined) process.stdout.write(text);
      else await write(flags.output, text);
      tellUnreadable(unreadable);
      const worse = history.groups.some((group) => group.changes.some((change) => change.worse));
      process.exitCode = flags.failOnChange && worse ? EXIT.failed : EXIT.pass;
    });
}

/** Reads every `result.json` below a folder, one after the other; links are not followed, `latest` is one. */
async function readEntries(
  root: string,
): Promise<{ entries: HistoryEntry[]; unreadable: Unreadable[]; files: number }> {
  const [{ readStored, RESULT_FILE }, { entriesOf }] = await Promise.all([
    import('../../results/read.ts'),
    import('../../../reports/history/entries.ts'),
  ]);
  const entries: HistoryEntry[] = [];
  const unreadable: Unreadable[] = [];
  let files = 0;
  const fail = (path: string, error: unknown): void => {
    unreadable.push({
      file: relative(root, path) || path,
      reason: messageOf(error).replaceAll(`${path}: `, '').replaceAll(path, 'it'),
    });
  };
  const visit = async (folder: string): Promise<void> => {
    let names;
    try {
      names = await readdir(folder, { withFileTypes: true });
    } catch (error) {
      return fail(folder, error);
    }
    for (const entry of names.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = join(folder, entry.name);
      if (entry.isDirectory() && entry.name !== 'node_modules' && entry.name !== '.git') await visit(path);
      else if (entry.isFile() && entry.name === RESULT_FILE) {
        files++;
        try {
          entries.push(...entriesOf(await readStored(path), path));
        } catch (error) {
          fail(path, error);
        }
      }
    }
  };
  const what = await lstat(root).catch((cause: unknown) => {
    throw new HarnessError('BAD_RESULT', `there is no folder ${root}`, { cause });
  });
  // A person may well name `latest`; below it, links are left alone.
  if (what.isFile())
    throw new HarnessError('BAD_RESULT', `${root} is a file`, { hint: 'name the folder that holds the results' });
  await visit(root);
  return { entries, unreadable, files };
}

/** A measure that the harness knows, or one that a result brought along. */
async function resolveMeasure(
  name: string,
  entries: readonly HistoryEntry[],
): Promise<{ measure: MeasureMeta; phase: HistoryPhase }> {
  const [{ findMeasure, measureNames, metaOf }, { PHASE_NAMES }] = await Promise.all([
    import('../../verdict/measures.ts'),
    import('../../verdict/phases.ts'),
  ]);
  const head = PHASE_NAMES.find((phase) => name.startsWith(`${phase}.`));
  const tries: [HistoryPhase, string][] = [
    ['run', name],
    ...(head ? [[head, name.slice(head.length + 1)] as [HistoryPhase, string]] : []),
  ];
  for (const [phase, wanted] of tries) {
    const known = findMeasure(wanted);
    const own = known?.id ?? wanted;
    const measure = entries.flatMap((entry) => entry.definitions.find((one) => one.id === own) ?? []).at(-1) ?? known;
    if (measure) return { measure: metaOf(measure), phase };
  }
  throw unknownName('measure', tries.at(-1)![1], measureNames());
}

/** `2026-01-31`, `90d`, `12h`. */
function parseSince(text: string, nowMs: number): number {
  const age = /^(\d+(?:\.\d+)?)(m|h|d|w)$/.exec(text.trim());
  if (age)
    return nowMs - Number(age[1]) * { m: 60e3, h: 3600e3, d: 86400e3, w: 604800e3 }[age[2] as 'm' | 'h' | 'd' | 'w'];
  const at = /^\d{4}-\d{2}-\d{2}/.test(text.trim()) ? Date.parse(text.trim()) : Number.NaN;
  if (Number.isFinite(at)) return at;
  throw new HarnessError('BAD_PARAMETER', `'${text}' is no time`, { hint: 'write it like 2026-01-31, 90d or 12h' });
}

function formatOf(flags: Flags): Format {
  if (flags.format) return flags.format;
  const ending = flags.output === undefined ? '' : extname(flags.output).slice(1).toLowerCase();
  return FORMATS.find((format) => format === ending || (format === 'html' && ending === 'htm')) ?? 'text';
}

async function render(
  history: History,
  format: Format,
  unreadable: readonly Unreadable[],
  toFile: boolean,
): Promise<string> {
  if (format === 'html')
    return (await import('../../../reports/history/history-page.ts')).renderHistoryHtml(history, {
      version: packageVersion(),
      unreadable,
      command: typedCommand(),
    });
  if (format === 'json') return (await import('../../../reports/history/data.ts')).renderHistoryJson(history);
  if (format === 'csv') return (await import('../../../reports/history/data.ts')).renderHistoryCsv(history);
  const colour = !toFile && process.stdout.isTTY && process.env['NO_COLOR'] === undefined;
  return (await import('../../../reports/history/text.ts')).renderHistoryText(history, {
    colour,
    width: toFile ? 120 : (process.stdout.columns ?? 120),
  });
}

async function write(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text);
  } catch (cause) {
    throw new HarnessError('OUTPUT_FAILED', `could not write ${file}: ${messageOf(cause)}`, {
      hint: 'name another file with -o',
      cause,
    });
  }
  process.stderr.write(`wrote ${file}\n`);
}

function tellUnreadable(unreadable: readonly Unreadable[]): void {
  if (unreadable.length === 0) return;
  const most = 10;
  const lines = unreadable.slice(0, most).map(({ file, reason }) => `  ${file}: ${reason}`);
  if (unreadable.length > most) lines.push(`  and ${unreadable.length - most} more`);
  process.stderr.write(`${unreadable.length} could not be read:\n${lines.join('\n')}\n`);
}
