/**
 * `npm run bench -- gate [record|resample|whole|report]`: is the gate as good as it says? Pairs of real trials are
 * recorded once and decisions drawn from them many times; whole gates are run beside. Alone it records for a bounded
 * time into a folder of its own, and says what it did.
 */
import { join, relative, resolve } from 'node:path';
import { Command, Option } from 'commander';
import { listenForInterrupts } from '../../harness/cli/interrupts.ts';
import { EXIT, HarnessError } from '../../harness/contract/errors.ts';
import type { PairDesign } from '../../harness/contract/gate.ts';
import { packageRoot } from '../../harness/kit/package-root.ts';
import { analyse, type AnalyseOptions, type SeriesAnalysis } from './analyse.ts';
import { CHANGES, changesNamed } from './changes.ts';
import { gateOf } from './gate-rules.ts';
import { writeMeasured } from './page.ts';
import { record } from './record.ts';
import { readAll } from './recording.ts';
import { measuredPart } from './report.ts';
import { trialSettings } from './trial-settings.ts';
import { runWholeGates } from './whole.ts';
import { readGates } from './whole-file.ts';

/** In git: the evidence of the page. */
const RECORDINGS = join(packageRoot, 'bench', 'gate', 'recordings');
/** Not in git: what the bench alone records, on whatever machine it is run. */
const OWN_RECORDINGS = join(packageRoot, 'reports', 'runs', 'bench-gate');
const PAGE = join(packageRoot, 'docs', 'gate-validation.md');
const ALONE_MINUTES = 20;
const ALONE_CHANGES = 'none,service-5,queries-2,single-flight';
const SEED = 20_260;
/** Of each change: a draw of 24 differs enough from the next. */
const ENOUGH_PAIRS = 60;

interface RecordFlags {
  design: PairDesign | 'both';
  minutes: number;
  changes: string;
  pairs: number;
  duration?: number;
  warmUp?: number;
  rate?: number;
  folder: string;
}

/** @param argv what stands behind `gate` */
export async function benchGate(argv: readonly string[]): Promise<void> {
  const interrupts = listenForInterrupts(say);
  try {
    await parse(argv, {
      say,
      signal: interrupts.signal,
      command: ['npm run bench -- gate', ...argv].join(' '),
    });
  } finally {
    interrupts.dispose();
  }
}

interface Common {
  say(line: string): void;
  signal: AbortSignal;
  /** As it was typed. */
  command: string;
}

async function parse(argv: readonly string[], common: Common): Promise<void> {
  const program = new Command('gate')
    .description('validates the regression gate; alone it records for a while and prints the tables')
    .option('--minutes <number>', 'of recording, over both designs', positive, ALONE_MINUTES)
    .addOption(new Option('--folder <path>', 'where recordings lie').default(OWN_RECORDINGS, 'reports/runs/bench-gate'))
    // Subcommands have options of the same names.
    .enablePositionalOptions()
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? EXIT.pass : EXIT.usage));
  program.action(async ({ minutes, folder }: { minutes: number; folder: string }) => {
    for (const design of ['duet', 'alternating'] as const)
      await record({
        settings: trialSettings(design, {}),
        changes: changesNamed(ALONE_CHANGES),
        minutes: minutes / 2,
        pairsPerChange: ENOUGH_PAIRS,
        folder,
        ...common,
      });
    process.stdout.write(`${await report(folder, DECISIONS)}\n`);
    say(
      `recorded for about ${minutes} minutes into ${folder}; another run goes on from there, and the page is as it was`,
    );
  });
  recordFlags(program.command('record').description('records pairs of real trials')).action(
    async (flags: RecordFlags) => {
      for (const design of flags.design === 'both' ? (['duet', 'alternating'] as const) : [flags.design])
        await record({
          settings: trialSettings(design, flags),
          changes: changesNamed(flags.changes),
          minutes: flags.minutes,
          pairsPerChange: flags.pairs,
          folder: flags.folder,
          ...common,
        });
    },
  );
  recordFlags(program.command('whole').description('runs whole gates, with the code that the command line uses'))
    .option('--count <number>', 'gates for each change', positive, 1)
    .option('--budget <minutes>', 'of each gate (default: what a gate has by default)', positive)
    .action(async (flags: RecordFlags & { count: number; budget?: number }) => {
      for (const design of flags.design === 'both' ? (['duet', 'alternating'] as const) : [flags.design])
        await runWholeGates({
          settings: trialSettings(design, flags),
          changes: changesNamed(flags.changes),
          count: flags.count,
          budgetMs: flags.budget === undefined ? null : flags.budget * 60_000,
          minutes: flags.minutes,
          folder: flags.folder,
          ...common,
        });
    });
  for (const name of ['resample', 'report'])
    program
      .command(name)
      .description(
        name === 'report' ? 'prints the tables and writes them into the page' : 'prints the tables and writes nothing',
      )
      .addOption(folderOption())
      .option('--same <number>', 'decisions where nothing was changed', positive, DECISIONS.sameDecisions)
      .option('--changed <number>', 'decisions for each planted change', positive, DECISIONS.changedDecisions)
      .option('--page <file>', 'page with the marks', PAGE)
      .action(async (flags: { folder: string; same: number; changed: number; page: string }) => {
        const measured = await report(flags.folder, { sameDecisions: flags.same, changedDecisions: flags.changed });
        process.stdout.write(`${measured}\n`);
        if (name === 'report') writeMeasured(flags.page, measured);
      });
  await program.parseAsync(argv, { from: 'user' });
}

const DECISIONS = { sameDecisions: 600, changedDecisions: 200 };

async function report(folder: string, decisions: Omit<AnalyseOptions, 'seed'>): Promise<string> {
  const all: SeriesAnalysis[] = [];
  for (const series of readAll(folder)) {
    say(`deciding from ${series.pairs.length} pairs of ${series.name}`);
    all.push(await analyse(series, gateOf(series), { ...decisions, seed: SEED }));
  }
  const when = new Date().toISOString().slice(0, 10);
  return measuredPart(all, readGates(folder), { when, folder: relative(packageRoot, resolve(folder)) });
}

function recordFlags(command: Command): Command {
  return command
    .addOption(
      new Option('--design <design>', 'how pairs are run').choices(['alternating', 'duet', 'both']).default('both'),
    )
    .option('--minutes <number>', 'begin no pair after so many, for each design', positive, ALONE_MINUTES / 2)
    .option('--changes <ids>', `with commas between, or all: ${CHANGES.map(({ id }) => id).join(', ')}`, 'all')
    .option('--pairs <number>', 'pairs of each change in the file at most', positive, ENOUGH_PAIRS)
    .option('--duration <seconds>', 'recorded window of a trial (default: 16 in a duet, 8 alternating)', positive)
    .option('--warm-up <seconds>', 'before it (default: 1)', positive)
    .option('--rate <number>', 'requests per second, over both sides of a duet (default: 1250)', positive)
    .addOption(folderOption());
}

function folderOption(): Option {
  return new Option('--folder <path>', 'where recordings lie').default(RECORDINGS, 'bench/gate/recordings');
}

function positive(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new HarnessError('USAGE', `'${text}' is not a number above 0`);
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
