/**
 * What differs between runs beyond the contender: machine, versions, seed, rate, TTL. A comparison across such a
 * difference may compare the difference, and the report says so first.
 */
import type { RunResult } from '../contract/result.ts';
import { listed } from './wording.ts';

/** In words, one sentence per difference, for example "seed: 42 (xfetch), 43 (lock-wait)". */
export function describeDifferences(runs: readonly RunResult[], label: (run: RunResult) => string): string[] {
  const parts = [...new Set(runs.flatMap((run) => Object.keys(run.environment.versions)))]
    .filter((part) => part !== 'edge')
    .map((part): [string, (run: RunResult) => string] => [
      `version of ${part}`,
      (run) => run.environment.versions[part] ?? 'not stated',
    ]);
  const aspects: [string, (run: RunResult) => string][] = [
    ['machine', (run) => machineOf(run)],
    ['environment', (run) => run.environment.id],
    ['proxy', (run) => run.environment.toxiproxy],
    ...parts,
    ['Cachequake', (run) => run.cachequakeVersion],
    ['seed', (run) => String(run.plan.seed)],
    ['target', (run) => run.plan.target.id],
    ['instances', (run) => String(run.plan.instances)],
  ];
  // With an edge and without may be what is compared; two versions of it are not.
  const behindEdge = runs.filter((run) => run.environment.versions['edge'] !== undefined);
  const edges = difference('version of edge', behindEdge, (run) => run.environment.versions['edge']!, label);
  const overall = aspects.flatMap(([name, of]) => difference(name, runs, of, label));
  // Different profiles differ in rate and TTL on purpose; the same profile should not.
  const byProfile = Map.groupBy(runs, (run) => run.plan.profile.id);
  const within = [...byProfile].flatMap(([profile, own]) => [
    ...difference(`offered traffic of ${profile}`, own, trafficOf, label),
    ...difference(`TTL of ${profile}`, own, (run) => `${run.plan.ttlMs} ms`, label),
    ...difference(`parameters of ${profile}`, own, (run) => JSON.stringify(run.plan.profile.parameters), label),
  ]);
  return [...overall, ...edges, ...within];
}

function difference(
  name: string,
  runs: readonly RunResult[],
  of: (run: RunResult) => string,
  label: (run: RunResult) => string,
): string[] {
  const groups = Map.groupBy(runs, of);
  if (groups.size < 2) return [];
  const words = [...groups].map(([value, own]) => `${value} (${listed([...new Set(own.map(label))])})`);
  return [`${name}: ${words.join(', ')}`];
}

function machineOf(run: RunResult): string {
  const { cpuModel, cores, fingerprint } = run.environment.machine;
  return `${cores} × ${cpuModel} [${fingerprint}]`;
}

function trafficOf(run: RunResult): string {
  const { engine, arrivals, segments, timeoutMs } = run.plan.load;
  const stretches = segments.map(
    ({ name, durationMs, fromRatePerSec, toRatePerSec }) =>
      `${name} ${durationMs / 1000} s at ${fromRatePerSec === toRatePerSec ? '' : `${fromRatePerSec} to `}${toRatePerSec}/s`,
  );
  return `${engine}, ${arrivals}, timeout ${timeoutMs} ms: ${stretches.join(', ')}`;
}
