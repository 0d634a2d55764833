/** Judgements: measures, checks, thresholds and validity. pass < unknown < fail, and the worst wins. */
import type { Coherence } from './coherence.ts';
import type { LoadEvent } from './defence.ts';
import type { FaultInterval } from './fault.ts';
import type { LoadEvidence, PhaseName } from './load.ts';
import type { RunPlan } from './plan.ts';
import type { ProbeEvidence } from './probe.ts';
import type { Reconciliation } from './target.ts';
import type { WorkloadAudit } from './workload.ts';

export type VerdictStatus = 'pass' | 'unknown' | 'fail';

/** All that was seen in a run, before it is judged. */
export interface Evidence {
  plan: RunPlan;
  load: LoadEvidence;
  /** Start of the recorded part, epoch ms. */
  measuredFromMs: number;
  measuredToMs: number;
  faults: FaultInterval[];
  probes: ProbeEvidence[];
  /** All loads of all instances in the recorded part, by start. */
  loads: (LoadEvent & { instance: number })[];
  reconciliation: Reconciliation | null;
  /** What the workload's own audit says; null where the plan has no workload, or it has no audit. */
  audit: WorkloadAudit | null;
  /** What became of writes, and what readers saw of them; not given where the plan does not write, or nobody tells. */
  coherence?: Coherence;
  interrupted: boolean;
}

/** A phase with its bounds as observed, in ms from the start of the recorded part. `run` is the whole. */
export interface PhaseBounds {
  name: PhaseName | 'run';
  fromMs: number;
  toMs: number;
}

export interface MeasureMeta {
  /** For example `latency.p99`. */
  id: string;
  title: string;
  unit: 'ms' | 's' | '%' | '/s' | 'ratio' | 'count' | 'bytes' | 'loads' | 'queries';
  better: 'lower' | 'higher' | 'neither';
  /** `count` hardly depends on the machine, `time` does. */
  evidence: 'count' | 'time';
}
export interface Measure extends MeasureMeta {
  /** Short names that a threshold may use too, for example `p99`. */
  aliases?: readonly string[];
  /** Null where the evidence does not say. */
  of(evidence: Evidence, phase: PhaseBounds): number | null;
}
export function defineMeasure(measure: Measure): Measure {
  return measure;
}

export interface Finding {
  status: VerdictStatus;
  /** In words: "200 orders for 100 units". */
  message: string;
  /** Operations that show it. */
  examples?: string[];
}
export interface Check {
  id: string;
  title: string;
  prose: string;
  judge(evidence: Evidence): Finding;
}
export function defineCheck(check: Check): Check {
  return check;
}
