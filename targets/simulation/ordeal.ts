/**
 * One seed, one ordeal: a small service of one to four instances with few keys, short TTLs, writes, random delays and
 * processes that die between any two steps; with every even seed the cache is away for a while, or answers get lost. Short on purpose, so that hundreds of seeds run in a second or two; the
 * same seed always gives the same history.
 */
import type { Defence } from '../../harness/contract/defence.ts';
import { seededRandom } from '../../harness/kit/random.ts';
import { type History, recordHistory } from '../../harness/simulate/history.ts';
import { findViolations, type Promises, type Violation } from '../../harness/simulate/invariants.ts';
import type { Outage } from '../../harness/simulate/outage.ts';
import { poissonTraffic } from '../../harness/simulate/traffic.ts';
import type { StackMember } from '../reader/stack.ts';
import { readersOf } from './join.ts';
import { promisesOf } from './promises.ts';

/** Defaults are made for real traffic; in an ordeal of seconds they are never reached. By the parameter's name. */
const SHORT: Readonly<Record<string, number>> = {
  lockTtlMs: 600,
  leaseMs: 600,
  maxWaitMs: 2500,
  pollMs: 20,
  maxFlightMs: 3000,
  staleMs: 400,
  swrMs: 400,
  sieMs: 400,
  graceMs: 400,
  heartbeatMs: 60,
  missDelayMs: 40,
  limitMs: 2000,
  openMs: 60,
  windowMs: 80,
  minimumCalls: 4,
  slowCacheMs: 150,
};
const KEYS = ['product:1', 'product:2'];
const LOAD_DEADLINE_MS = 30_000;
/** Longer than any answer takes that comes at all. */
const TIMEOUT_MS = 160;
/** Longer than the longest wait with everything that can follow it. */
const DRAIN_MS = 60_000;

export interface Ordeal {
  history: History;
  promises: Promises;
  violations: Violation[];
}

/** The defence with the short parameters it has. */
export function shortened(defence: Defence): StackMember {
  const parameters: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(SHORT))
    if (name in defence.parameters.shape && defence.parameters.safeParse({ ...parameters, [name]: value }).success)
      parameters[name] = value;
  return { defence, parameters };
}

/**
 * Runs one seed.
 *
 * @param promised replaces promises that the stack does not declare, to show that it breaks them
 */
export async function runOrdeal(
  stack: readonly StackMember[],
  seed: number,
  promised: Partial<Promises> = {},
): Promise<Ordeal> {
  const random = seededRandom(seed, 'ordeal');
  const between = (low: number, high: number): number => low + (high - low) * random.next();
  const instances = [1, 2, 4][Math.floor(random.next() * 3)]!;
  // Half of the seeds without a death: some promises hold only then.
  const crashes = random.next() < 0.5 ? { meanSteps: between(10, 80), most: 4, restartMs: between(1, 200) } : null;
  const ttlMs = between(100, 700);
  const history = await recordHistory({
    seed,
    instances,
    crashes,
    traffic: poissonTraffic(
      {
        ratePerSec: between(30, 160),
        durationMs: 1000,
        keys: KEYS,
        exponent: 1,
        writeShare: between(0, 0.08),
      },
      seededRandom(seed, 'traffic'),
    ),
    network: { minMs: 0.1, meanExtraMs: between(0.05, 3), stallShare: between(0, 0.05), stallMs: 40 },
    database: { serviceMs: between(5, 60), serviceSpread: 0.8, concurrency: 1 + Math.floor(between(0, 12)) },
    writeMs: between(1, 10),
    drainMs: DRAIN_MS,
    outages: seed % 2 === 0 ? [outageOf(instances, between)] : [],
    timeoutMs: TIMEOUT_MS,
    ...readersOf(stack, { ttlMs, loadDeadlineMs: LOAD_DEADLINE_MS, readBefore: KEYS, leadMs: 300 }),
  });
  const promises = { ...promisesOf(stack, instances, crashes !== null), ...promised };
  return { history, promises, violations: findViolations(history, promises) };
}

/** The cache is away for everybody, or one instance does not reach it. */
export function outageOf(instances: number, between: (low: number, high: number) => number): Outage {
  const kind = (['refused', 'silent', 'answers lost'] as const)[Math.floor(between(0, 3))]!;
  const fromMs = between(50, 400);
  const instance = between(0, 1) < 0.5 ? null : Math.floor(between(0, instances));
  const losesMemory = instance === null && between(0, 1) < 0.5;
  return { fromMs, untilMs: fromMs + between(20, 250), kind, instance, losesMemory };
}

/** The violations of one seed in words, with the command that repeats it; null where there are none. */
export function explainOrdeal(stack: readonly StackMember[], { history, violations }: Ordeal): string | null {
  if (violations.length === 0) return null;
  const name = stack.map(({ defence }) => defence.id).join('+');
  const shown = violations
    .slice(0, 5)
    .map(({ invariant, message, atMs }) => `  ${atMs.toFixed(2)} ms  ${invariant}: ${message}`);
  return (
    `${name} violates ${violations.length} invariants with seed ${history.seed} on ${history.instances} instances ` +
    `(${history.reads.length} reads, ${history.crashes.length} crashes):\n${shown.join('\n')}\n` +
    `repeat it: cachequake simulate --check --defence ${name} --seed ${history.seed}`
  );
}
