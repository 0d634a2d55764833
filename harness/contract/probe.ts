/** A probe watches one part through a direct connection, around the proxies, at a fixed period. */
import type { StartedInstance, StartedStack } from './environment.ts';
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

export interface ProbeContext {
  stack: StartedStack;
  instances: readonly StartedInstance[];
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
}

export interface Sampler {
  readonly fields: readonly SampleField[];
  sample(): Promise<Record<string, number | null>>;
  /** Totals and statements, read once after the drain. */
  finish(): Promise<Partial<Pick<ProbeEvidence, 'totals' | 'statements' | 'loads'>>>;
  close(): Promise<void>;
}

export interface Probe {
  id: string;
  title: string;
  everyMs: number;
  /** What must be reachable; a probe that cannot open makes the run invalid, not silent. */
  needs: readonly ('postgres' | 'redis' | 'service')[];
  open(context: ProbeContext): Promise<Sampler>;
}

export function defineProbe(probe: Probe): Probe {
  return probe;
}
