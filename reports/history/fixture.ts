/** Makes the entries of synthetic histories for the tests: seeded, with shifts where they are asked for. */
import { seededRandom } from '../../harness/kit/random.ts';
import { makeRun } from '../fixtures/make-fixture.ts';
import { entriesOf } from './entries.ts';
import type { HistoryEntry } from './entries.ts';

/** One run, from which all others of a history are made. */
const RUN = makeRun({ durationMs: 4000, fault: null, defence: 'lock-wait' });

/**
 * A history of one experiment, a result a day.
 *
 * @param options.levels p99 in ms by the number of results that have it; noise is 3 %
 * @param options.machine fingerprint; another machine is another group
 */
export function makeEntries(options: {
  levels: readonly (readonly [count: number, p99Ms: number])[];
  seed?: number;
  machine?: string;
  ratePerSec?: number;
  hostile?: string;
}): HistoryEntry[] {
  const { seed = 1, machine = 'fixture', ratePerSec = 500, hostile = '' } = options;
  const random = seededRandom(seed, 'history fixture');
  const values = options.levels.flatMap(([count, level]) =>
    Array.from({ length: count }, () => level * (1 + 0.06 * (random.next() + random.next() + random.next() - 1.5))),
  );
  return values.flatMap((value, i) => {
    const run = structuredClone(RUN);
    run.runId = `run-${machine}-${ratePerSec}-${i}${hostile}`;
    run.startedAt = new Date(Date.UTC(2026, 0, 1 + i, 12)).toISOString();
    run.environment.machine.fingerprint = machine;
    run.plan.profile.parameters = { ratePerSec };
    run.plan.label += hostile;
    run.plan.seed = i;
    run.measures['run']!['latency.p99'] = value;
    return entriesOf(run, `${run.runId}/result.json`);
  });
}
