/**
 * What a run leaves behind: one versioned file from which every report is made. The schema is published as JSON
 * Schema; a reader refuses a newer version by name and lifts older ones.
 */
import type { EnvironmentManifest } from './environment.ts';
import type { FaultInterval } from './fault.ts';
import type { EffectScale, GateResult } from './gate.ts';
import type { HistogramRecord, LoadEvidence } from './load.ts';
import type { RunPlan } from './plan.ts';
import type { ProbeEvidence, Series } from './probe.ts';
import type { Finding, MeasureMeta, PhaseBounds, VerdictStatus } from './verdict.ts';

export const RESULT_SCHEMA_VERSION = 2;

export interface CheckResult extends Finding {
  id: string;
  title: string;
}

/** A threshold after it was evaluated, for example `during.latency.p99<50ms`. */
export interface ThresholdResult {
  /** As the person wrote it. */
  text: string;
  measure: string;
  phase: PhaseBounds['name'];
  operator: '<' | '<=' | '>' | '>=' | '==' | '!=';
  /** In the measure's unit. */
  limit: number;
  actual: number | null;
  unit: MeasureMeta['unit'];
  status: VerdictStatus;
}

export interface ValidityResult {
  valid: boolean;
  findings: { id: string; ok: boolean; message: string }[];
}

export interface RunResult {
  kind: 'run';
  schemaVersion: number;
  cachequakeVersion: string;
  runId: string;
  /** The command that was typed. */
  command: string;
  startedAt: string;
  finishedAt: string;
  /** True when the run was interrupted: never green. */
  partial: boolean;
  plan: RunPlan;
  environment: EnvironmentManifest;
  /** Epoch ms of the start of the recorded part; all series count from it. */
  measuredFromMs: number;
  phases: PhaseBounds[];
  histograms: HistogramRecord[];
  slots: LoadEvidence['slots'];
  generator: LoadEvidence['generator'];
  series: Series[];
  statements: ProbeEvidence['statements'];
  probes: { probe: string; everyMs: number; samples: number; lostSamples: number; error: string | null }[];
  faults: FaultInterval[];
  /** Values by phase name and measure id; null is unknown. */
  measureDefinitions: MeasureMeta[];
  measures: Record<string, Record<string, number | null>>;
  recovery: {
    fault: string;
    recoveredAtMs: number | null;
    recoverySec: number | null;
    status: 'recovered' | 'never' | 'unaffected' | 'unknown';
  }[];
  checks: CheckResult[];
  thresholds: ThresholdResult[];
  validity: ValidityResult;
  verdict: { status: VerdictStatus; sentence: string; explanation: string };
  examples: string[];
  /** Raw text of what the probes themselves cost, ms of CPU per second. */
  probeCostCpuShare: number | null;
}

/**
 * What the repeats of a comparison show of one contender against another, paired by repeat. The statistics are the
 * gate's, in both directions.
 */
export interface ComparisonInterval {
  /** Profile and faults, as `hot-key + redis-down`. */
  scenario: string;
  /** Labels of the plans. */
  contender: string;
  against: string;
  measure: string;
  phase: PhaseBounds['name'];
  /** Positive is worse: a share for ratios, the measure's unit for differences. */
  scale: EffectScale;
  effect: number | null;
  /** Two-sided 95 % interval; null where too few repeats give none. */
  low: number | null;
  high: number | null;
  /** Repeats in which both are valid and know the measure. */
  pairs: number;
  /** Exact and two-sided, and adjusted over all contenders and measures (Holm). */
  pValue: number;
  adjustedP: number;
  /** `too-few`: no difference, however large, could be told from chance. */
  outcome: 'better' | 'worse' | 'within-noise' | 'too-few';
  /** Repeats with which a difference can be shown at all; null where there are as many. */
  pairsNeeded: number | null;
}

/** Several runs of the same seeded traffic. */
export interface ComparisonResult {
  kind: 'comparison';
  schemaVersion: number;
  cachequakeVersion: string;
  runId: string;
  command: string;
  startedAt: string;
  finishedAt: string;
  partial: boolean;
  runs: RunResult[];
  verdict: { status: VerdictStatus; sentence: string; explanation: string };
  /** What differs between the runs beyond the defence, in words. */
  differences: string[];
  /** Not given where each was run once. */
  intervals?: ComparisonInterval[];
}

export type AnyResult = RunResult | ComparisonResult;

/** Everything that a result file can hold. */
export type StoredResult = AnyResult | GateResult;

/** The part of a result that judging adds to what was seen. */
export type Judgement = Pick<
  RunResult,
  'phases' | 'measureDefinitions' | 'measures' | 'recovery' | 'checks' | 'thresholds' | 'validity' | 'verdict'
>;
