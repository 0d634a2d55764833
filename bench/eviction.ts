/**
 * Hit ratio over memory: every eviction policy of Redis that the profile knows, three skews of the reads, two limits.
 * Which policy is worth its name depends on the skew, and what more memory buys can be read off side by side.
 */
import { type BenchResult, thisMachine } from './result.ts';
import { runCachequake } from './run-cachequake.ts';

const POLICIES = ['allkeys-lru', 'allkeys-lfu', 'allkeys-random', 'volatile-ttl', 'noeviction'];
const EXPONENTS = [0.6, 0.9, 1.2];
const LIMITS_KB = [3072, 6144];
const TRAFFIC = ['ratePerSec=500', 'recomputeMs=2', 'warmUpSec=8', 'durationSec=6'];
/** Percentage points that two runs of the same settings may differ by. */
const NOISE = 2;

/** Thirty runs on the local environment; about ten minutes. */
export async function benchEviction(): Promise<BenchResult> {
  const startedAt = new Date().toISOString();
  const ratios = new Map<string, number>();
  const rows: BenchResult['rows'] = [];
  for (const policy of POLICIES)
    for (const limitKb of LIMITS_KB) {
      const row: BenchResult['rows'][number] = { policy, 'limit, KiB': limitKb };
      for (const exponent of EXPONENTS) {
        const set = [...TRAFFIC, `policy=${policy}`, `exponent=${exponent}`, `maxmemoryKb=${limitKb}`];
        const args = ['run', 'eviction-pressure', '--env', 'local'];
        const result = await runCachequake([...args, ...set.flatMap((assignment) => ['--set', assignment])]);
        const ratio = result.measures['run']?.['cache.hitRatio'] ?? NaN;
        ratios.set(`${policy} ${limitKb} ${exponent}`, ratio);
        row[`hit ratio, Zipf ${exponent}`] = `${ratio.toFixed(1)} %${result.validity.valid ? '' : ' (invalid)'}`;
      }
      rows.push(row);
    }
  const ratioOf = (policy: string, limitKb: number, exponent: number): number =>
    ratios.get(`${policy} ${limitKb} ${exponent}`)!;
  const [small, large] = LIMITS_KB as [number, number];
  return {
    name: 'eviction',
    title: 'Hit ratio over memory, by eviction policy and skew of the reads',
    startedAt,
    machine: thisMachine(),
    rows,
    goals: [
      goal('twice the memory, more hits, whatever the policy and the skew', POLICIES, (policy) =>
        EXPONENTS.every((exponent) => ratioOf(policy, large, exponent) > ratioOf(policy, small, exponent) - NOISE),
      ),
      goal('the more skewed the reads, the more hits', POLICIES, (policy) =>
        LIMITS_KB.every((limit) => isRising(EXPONENTS.map((exponent) => ratioOf(policy, limit, exponent)))),
      ),
      goal('LRU and LFU are no worse than chance', ['allkeys-lru', 'allkeys-lfu'], (policy) =>
        LIMITS_KB.every((limit) =>
          EXPONENTS.every((e) => ratioOf(policy, limit, e) >= ratioOf('allkeys-random', limit, e) - NOISE),
        ),
      ),
    ],
  };
}

function goal(
  text: string,
  policies: readonly string[],
  holds: (policy: string) => boolean,
): BenchResult['goals'][number] {
  const failing = policies.filter((policy) => !holds(policy));
  const measured = failing.length === 0 ? `${policies.length} of ${policies.length}` : `not for ${failing.join(', ')}`;
  return { goal: text, measured, met: failing.length === 0 };
}

function isRising(values: readonly number[]): boolean {
  return values.every((value, i) => i === 0 || value > values[i - 1]!);
}
