/** `cachequake simulate`: plans in virtual time, beside a measured result where one is given, and the ordeals. */
import Table from 'cli-table3';
import type { Command } from 'commander';
import { EXIT, HarnessError } from '../../contract/errors.ts';
import type { RunResult } from '../../contract/result.ts';
import { expandStack } from '../../plan/stack.ts';
import type { History } from '../../simulate/history.ts';
import { allMeasures } from '../../verdict/measures.ts';
import { withUnit } from '../../../reports/model/format.ts';
import { addSettingFlags, prepare, type Prepared } from '../options.ts';
import type { SimulatedRun } from '../simulate-plan.ts';

/** What is shown, in this order. */
const SHOWN = [
  'db.loadsPerExpiry',
  'db.loadsPerExpiryPredicted',
  'db.loads',
  'db.peakRate',
  'db.peakActive',
  'cache.hitRatio',
  'cache.staleShare',
  'redis.opsPerRequest',
  'shed.rate',
  'errors.rate',
  'latency.p50',
  'latency.p99',
  'latency.p999',
];

const MOST_INSTANCES = 100_000;

interface Flags extends Record<string, unknown> {
  defence?: string;
  write?: string;
  beside?: string;
  check?: true;
  seeds: number;
  networkMs: number;
  json?: true;
}

export function addSimulateVerb(program: Command): void {
  const command = program
    .command('simulate')
    .summary('run a plan in virtual time, at any number of instances')
    .description(
      'Runs the traffic of a profile through the same defences in virtual time, without servers: seconds for a thousand ' +
        'instances, and the same figures for the same seed. With --beside, shows a measured result next to its simulation.',
    )
    .argument('[profile]', 'name of a profile or a file of your own')
    .option('-d, --defence <stacks>', 'stacks separated by commas; each is defences joined with +')
    .option('--beside <result>', 'a result, or its folder: its plans are simulated and shown beside what was measured')
    .option('--check', 'hold stacks or write strategies against their invariants: delays, deaths, outages')
    .option('--seeds <number>', 'how many seeds --check tries, where no --seed is given', wholeNumber, 500)
    .option('--network-ms <ms>', 'one round trip to the cache', positive, 0.3)
    .option('--json', 'figures as JSON')
    .addHelpText(
      'after',
      `
Examples:
  cachequake simulate hot-key --defence cache-aside,single-flight,xfetch --instances 1000
  cachequake simulate --beside reports/runs/latest
  cachequake simulate --check --defence lock-wait --seed 17
  cachequake simulate --check --write write-behind --seed 17`,
    );
  addSettingFlags(command).action(async (profile: string | undefined, flags: Flags) => {
    // A run on this machine has a limit of instances that virtual time has not.
    const { instances, ...others } = flags;
    const prepared = await prepare({ target: 'shop', ...others });
    if (flags.check) return check(prepared, flags);
    if (flags.beside !== undefined) return beside(prepared, flags.beside, flags);
    if (profile === undefined)
      throw new HarnessError('USAGE', 'simulate needs a profile, --beside or --check', {
        hint: 'for example cachequake simulate hot-key --instances 1000',
      });
    const { simulatePlan } = await import('../simulate-plan.ts');
    const runs: SimulatedRun[] = [];
    for (const defence of stacksOf(flags)) {
      const plan = await prepared.plan(profile, { defence }, 'local');
      const wanted = { ...plan, instances: instancesOf(instances) ?? plan.instances };
      runs.push(await simulatePlan(wanted, { catalogue: prepared.catalogue, networkMs: flags.networkMs }));
    }
    if (flags.json) return print(`${JSON.stringify(runs, null, 2)}\n`);
    const columns = runs.map(({ measures }) => measures);
    print(`${table(['simulated', ...runs.map(({ defence }) => defence)], columns)}\n${explain(runs)}`);
  });
}

function stacksOf({ defence = 'cache-aside' }: Flags): string[] {
  return defence.split(',').map((text) => text.trim());
}

/** Each run of a result: measured, simulated. */
async function beside(prepared: Prepared, path: string, flags: Flags): Promise<void> {
  const [{ readResult }, { simulatePlan }] = await Promise.all([
    import('../../results/read.ts'),
    import('../simulate-plan.ts'),
  ]);
  const result = await readResult(path);
  const all: { measured: Record<string, number | null>; simulated: SimulatedRun }[] = [];
  for (const run of result.kind === 'run' ? [result] : result.runs) {
    const simulated = await simulatePlan(run.plan, { catalogue: prepared.catalogue, networkMs: flags.networkMs });
    // The prediction shown in the result was made with λ and δ as measured.
    all.push({ measured: measuredOf(run), simulated });
    if (flags.json) continue;
    const name = `${run.plan.profile.id}: ${run.plan.defence}, ${run.plan.instances} instances, seed ${run.plan.seed}`;
    print(`${name}\n${table(['', 'measured', 'simulated'], [measuredOf(run), simulated.measures])}\n`);
    print(`${explain([simulated])}\n`);
  }
  if (flags.json) print(`${JSON.stringify(all, null, 2)}\n`);
}

/** Before a fault, where there was one: faults are not simulated. */
function measuredOf({ measures }: RunResult): Record<string, number | null> {
  return measures['before'] ?? measures['run'] ?? {};
}

async function check(prepared: Prepared, flags: Flags): Promise<void> {
  const { catalogue } = prepared;
  const { explainOrdeal, runOrdeal, shortened } = await import('../../../targets/simulation/ordeal.ts');
  const { unknownName } = await import('../../kit/suggest.ts');
  if (flags.write !== undefined) return checkWrites(prepared, flags, flags.write);
  for (const text of flags.defence === undefined ? [...catalogue.defences.keys()] : stacksOf(flags)) {
    const stack = expandStack(text, catalogue.stacks).ids.map((id) => {
      const defence = catalogue.defences.get(id);
      if (!defence) throw unknownName('defence', id, [...catalogue.defences.keys()]);
      return shortened(defence);
    });
    await trySeeds(text, flags, async (seed) => {
      const ordeal = await runOrdeal(stack, seed);
      return { history: ordeal.history, explained: explainOrdeal(stack, ordeal) };
    });
  }
}

async function checkWrites({ catalogue }: Prepared, flags: Flags, names: string): Promise<void> {
  const { explainWriteOrdeal, runWriteOrdeal } = await import('../../../targets/simulation/write-ordeal.ts');
  const { unknownName } = await import('../../kit/suggest.ts');
  for (const id of names.split(',').map((name) => name.trim())) {
    const strategy = catalogue.writes.get(id);
    if (!strategy) throw unknownName('write strategy', id, [...catalogue.writes.keys()]);
    await trySeeds(id, flags, async (seed) => {
      const ordeal = await runWriteOrdeal(strategy, seed);
      return { history: ordeal.history, explained: explainWriteOrdeal(strategy, ordeal) };
    });
  }
}

/** One seed where it is named, otherwise many; the first that violates something is explained. */
async function trySeeds(
  what: string,
  flags: Flags,
  run: (seed: number) => Promise<{ history: History; explained: string | null }>,
): Promise<void> {
  const asked = flags['seed'] as number | undefined;
  const last = asked ?? flags.seeds;
  let reads = 0;
  let crashes = 0;
  let violated = 0;
  for (let seed = asked ?? 1; seed <= last; seed++) {
    const { history, explained } = await run(seed);
    reads += history.reads.length;
    crashes += history.crashes.length;
    if (explained === null) continue;
    if (violated++ === 0) print(`✕ ${explained}\n`);
    process.exitCode = EXIT.failed;
  }
  const seeds = asked === undefined ? `${flags.seeds} seeds` : `seed ${asked}`;
  const mark = violated > 0 ? `✕ ${what}: ${violated} seeds violate its promises;` : `✓ ${what}: holds;`;
  print(`${mark} ${seeds}, ${reads} reads, ${crashes} crashes\n`);
}

function table(head: readonly string[], columns: readonly Record<string, number | null>[]): string {
  const metas = allMeasures();
  const grid = new Table({ head: [...head], style: { head: [], border: [] } });
  for (const id of SHOWN) {
    const values = columns.map((column) => column[id] ?? null);
    const meta = metas.get(id);
    if (!meta || values.every((value) => value === null)) continue;
    grid.push([meta.title, ...values.map((value) => (value === null ? '–' : withUnit(value, meta.unit)))]);
  }
  return grid.toString();
}

function explain(runs: readonly SimulatedRun[]): string {
  const notes = new Set(runs.flatMap((run) => run.notes));
  return [
    `${runs.reduce((sum, { reads }) => sum + reads, 0)} reads on ${runs[0]?.instances ?? 0} instances, warm-up included.`,
    'A simulated latency holds cache and database only: no HTTP, no processor time.',
    ...notes,
  ]
    .join('\n')
    .concat('\n');
}

function instancesOf(given: unknown): number | null {
  if (given === undefined) return null;
  if (Number.isInteger(given) && (given as number) >= 1 && (given as number) <= MOST_INSTANCES) return given as number;
  throw new HarnessError('BAD_PARAMETER', `--instances must be a whole number from 1 to ${MOST_INSTANCES}`);
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new HarnessError('BAD_PARAMETER', `'${text}' is not a whole number from 1`);
  return value;
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new HarnessError('BAD_PARAMETER', `'${text}' is not a number above 0`);
  return value;
}

function print(text: string): void {
  process.stdout.write(text);
}
