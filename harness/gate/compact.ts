/** A whole run reduced to what a gate keeps of it: one value per measure, the latency curve, and what was wrong. */
import { type SideName, type Trial, TRIAL_QUANTILES } from '../contract/gate.ts';
import type { RunResult } from '../contract/result.ts';
import { interpolatedQuantilesUs, mergeEncoded } from '../kit/histogram.ts';

/** Requests beyond a quantile, on its thinner side, below which it is not told at all. */
const TOLD_BEYOND = 10;

/** A generator that was late, or short of CPU, has sent every request all the same: only its times are worth nothing. */
const OF_TIMES: ReadonlySet<string> = new Set(['lag', 'generator-cpu']);
/** Arrivals are dropped where the service has left too many unanswered: it does not carry what the other side may. */
const CARRIES_THE_RATE = 'carries-the-rate';

/** Quantiles that are measures, in ascending order. */
const MEASURED = [
  { name: 'p50', share: 0.5 },
  { name: 'p90', share: 0.9 },
  { name: 'p95', share: 0.95 },
  { name: 'p99', share: 0.99 },
  { name: 'p999', share: 0.999 },
] as const;

export type TrialPlace = Pick<Trial, 'pair' | 'purpose' | 'position'> & { side: SideName };

/** The trial that a run was. */
export function compactTrial(result: RunResult, place: TrialPlace, stolenCpuShare: number | null): Trial {
  const intended = latencies(result, 'intended');
  const service = latencies(result, 'service');
  const failed = result.validity.findings.filter(({ ok }) => !ok);
  const messages = (ofTimes: boolean): string[] =>
    failed.filter(({ id }) => OF_TIMES.has(id) === ofTimes).map(({ message }) => message);
  return {
    ...place,
    startedAt: result.startedAt,
    durationMs: Date.parse(result.finishedAt) - Date.parse(result.startedAt),
    seed: result.plan.seed,
    requests: intended.count,
    measures: {
      ...result.measures['run'],
      // The measure's own value is the upper edge of a bucket, which makes ties of what differs.
      ...Object.fromEntries(
        MEASURED.flatMap(({ name, share }) => [
          [`latency.${name}`, intended.at([share])[0]!],
          [`latency.${name}.service`, service.at([share])[0]!],
        ]),
      ),
    },
    latencyMs: intended.at(TRIAL_QUANTILES),
    invalid: messages(false),
    timesInvalid: messages(true),
    failedChecks: [
      ...result.checks.filter(({ status }) => status === 'fail').map(({ id }) => id),
      ...(failed.some(({ id }) => id === 'dropped') ? [CARRIES_THE_RATE] : []),
    ],
    generatorLagP99Ms: result.generator.lagP99Us / 1000,
    stolenCpuShare,
  };
}

function latencies(
  result: RunResult,
  clock: 'intended' | 'service',
): { count: number; at(shares: readonly number[]): (number | null)[] } {
  const merged = mergeEncoded(result.histograms.filter((one) => one.clock === clock).map(({ hdr }) => hdr));
  const count = merged.totalCount;
  return {
    count,
    at: (shares) => {
      const values = count === 0 ? [] : interpolatedQuantilesUs(merged, shares);
      return shares.map((share, i) =>
        // A hair's breadth for 0.001 × 10,000, which is not quite 10.
        count * Math.min(share, 1 - share) >= TOLD_BEYOND - 1e-6 ? Number((values[i]! / 1000).toPrecision(7)) : null,
      );
    },
  };
}
