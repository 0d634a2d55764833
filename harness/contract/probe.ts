/** A probe watches one part through a direct connection, around the proxies, at a fixed period. */
import type { ServerStack, StartedInstance } from './environment.ts';
import type { LoadEvent } from './defence.ts';

/** One line over time. Times are ms from the start of the recorded part. */
export interface Series {
  /** For example `db.queriesPerSec`. */
  id: string;
  title: string;
  unit: string;
  tMs: number[];
  values: (number | null)[];
}

/**
 * What a probe is given. Probes run in a process of their own, so this is only what can travel there: a started stack
 * and its instances fit as they are. The address of a server that the run has not got is empty: probes that need it are not
 * opened then.
 */
export interface ProbeContext {
  stack: Pick<ServerStack, 'redisUrl' | 'postgresUrl' | 'servers' | 'cpuMs'> & {
    manifest: Pick<ServerStack['manifest'], 'id'>;
  };
  instances: readonly Pick<StartedInstance, 'index' | 'url' | 'pid'>[];
}

/** What a probe knows when it is closed. */
export interface ProbeEvidence {
  probe: string;
  everyMs: number;
  series: Series[];
  /** Single figures, for example `db.totalQueries`. */
  totals: Record<string, number>;
  /** Slowest or most frequent statements, for the report. */
  statements: { sql: string; calls: number; totalMs: number; meanMs: number; maxMs: number }[];
  loads: (LoadEvent & { instance: number })[];
  samples: number;
  lostSamples: number;
  error: string | null;
}

/** A value of a sample: `counter` values become rates per second, `gauge` values are kept. */
export interface SampleField {
  id: string;
  title: string;
  unit: string;
  kind: 'counter' | 'gauge';
  /** Id of its total over the recorded part: how far a counter grew, the highest value of a gauge. */
  totalId?: string;
}

export interface Sampler {
  readonly fields: readonly SampleField[];
  /** All values null where the observed part is away; rejects where the probe itself failed. */
  sample(): Promise<Record<string, number | null>>;
  /** Called when the recorded part begins, for what {@link Sampler.finish} counts from there. */
  begin?(): Promise<void>;
  /** Samples or events that the sampler knows to have lost so far, beyond its own missed periods. */
  lost?(): number;
  /** Totals and statements, read once after the drain. */
  finish(): Promise<Partial<Pick<ProbeEvidence, 'totals' | 'statements' | 'loads'>>>;
  close(): Promise<void>;
}

export interface Probe {
  id: string;
  title: string;
  everyMs: number;
  /** What must be reachable; a probe that cannot open makes the run invalid, not silent. */
  needs: readonly ('postgres' | 'postgres-replica' | 'redis' | 'service')[];
  open(context: ProbeContext): Promise<Sampler>;
}

export function defineProbe(probe: Probe): Probe {
  return probe;
}
