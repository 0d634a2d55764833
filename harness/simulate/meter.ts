/**
 * The figures of a simulation, under the names of the measures of a real run, so that both can stand side by side.
 * Counts as it goes: a simulation of millions of reads keeps no list of them.
 */
import type { LoadEvent } from '../contract/defence.ts';
import type { Histogram } from '../kit/histogram.ts';
import { createHistogram, recordUs } from '../kit/recording-histogram.ts';
import { busiestWindow } from '../stats/windows.ts';
import type { Observer } from './records.ts';
import type { SimulationOutcome } from './simulation.ts';

/** As in the measure `db.peakRate`. */
const PEAK_WINDOW_MS = 100;

export interface Meter {
  observer: Observer;
  /** Loads of all keys in order of their ends, from the start of the recorded part. */
  readonly loads: readonly (LoadEvent & { process: string })[];
  /** Values by measure id; null where nothing was seen. */
  measures(outcome: SimulationOutcome): Record<string, number | null>;
}

/** @param fromMs what began before is in no figure */
export function createMeter(fromMs = 0): Meter {
  const latency = createHistogram();
  const outcomes: Record<string, number> = {};
  const loads: (LoadEvent & { process: string })[] = [];
  /** When queries began to run and when they ended. */
  const began: number[] = [];
  const ended: number[] = [];
  let reads = 0;
  let errors = 0;
  const share = (names: readonly string[]): number | null => {
    const told = reads - errors - (outcomes['absent'] ?? 0);
    return told > 0 ? (100 * names.reduce((sum, name) => sum + (outcomes[name] ?? 0), 0)) / told : null;
  };
  return {
    loads,
    observer: {
      read({ startedAtMs, endedAtMs, answer }) {
        if (startedAtMs < fromMs) return;
        reads += 1;
        recordUs(latency, (endedAtMs - startedAtMs) * 1000);
        if (answer) outcomes[answer.outcome] = (outcomes[answer.outcome] ?? 0) + 1;
        else errors += 1;
      },
      queried({ seenAtMs, endedAtMs }) {
        if (seenAtMs < fromMs) return;
        began.push(seenAtMs);
        ended.push(endedAtMs);
      },
      load(event, process) {
        if (event.startedAtMs >= fromMs) loads.push({ ...event, process });
      },
    },
    measures({ reads: all, network }) {
      const starts = loads.map(({ startedAtMs }) => startedAtMs).toSorted((a, b) => a - b);
      return {
        'latency.p50': percentileMs(latency, 50),
        'latency.p99': percentileMs(latency, 99),
        'latency.p999': percentileMs(latency, 99.9),
        'errors.rate': reads > 0 ? (100 * errors) / reads : null,
        'shed.rate': reads > 0 ? (100 * (outcomes['shed'] ?? 0)) / reads : null,
        'cache.hitRatio': share(['hit', 'stale']),
        'cache.staleShare': share(['stale']),
        'db.loads': loads.length,
        'db.peakRate': busiestWindow(starts, PEAK_WINDOW_MS) * (1000 / PEAK_WINDOW_MS),
        'db.peakActive': mostAtOnce(began, ended),
        'redis.opsPerRequest': all > 0 ? network.operations / all : null,
      };
    },
  };
}

function percentileMs(histogram: Histogram, percentile: number): number | null {
  const enough = histogram.totalCount * (1 - percentile / 100) >= 1 - 1e-9;
  return enough ? histogram.getValueAtPercentile(percentile) / 1000 : null;
}

/** The most intervals that overlap in any moment. */
function mostAtOnce(began: readonly number[], ended: readonly number[]): number {
  const starts = began.toSorted((a, b) => a - b);
  const ends = ended.toSorted((a, b) => a - b);
  let most = 0;
  let over = 0;
  starts.forEach((startMs, i) => {
    while (ends[over]! <= startMs) over += 1;
    most = Math.max(most, i + 1 - over);
  });
  return most;
}
