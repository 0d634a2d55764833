/**
 * A gate: has a change made the service worse? Two kinds of evidence are kept apart. Counts hardly depend on the
 * machine and are held against a stored baseline; times do, and are compared only side by side, base and candidate in
 * pairs of trials in one job. The pair is the only unit of replication, and what cannot be known is undecided.
 */
import type { EnvironmentManifest } from './environment.ts';
import type { RunPlan } from './plan.ts';
import type { MeasureMeta, VerdictStatus } from './verdict.ts';

export type SideName = 'base' | 'candidate';

/**
 * How a pair is run. `alternating`: one after the other, in an order drawn at random, each with the whole machine.
 * `duet`: both at once, each with servers of its own and half the rate, so that what disturbs the machine disturbs both.
 */
export type PairDesign = 'alternating' | 'duet';

/** What is compared, as a person names it. */
export interface GateSide {
  name: SideName;
  /** For example `git main (1a2b3c4)`, `command node server.js`, `image shop:1.2` or `the working folder`. */
  title: string;
  /** Full hash where it is a commit, with `-dirty` where files differ from it; null elsewhere. */
  commit: string | null;
}

/** Shares at which each trial's latency is kept, for the picture of where in the percentile range a change sits. */
export const TRIAL_QUANTILES = [
  0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.975, 0.99, 0.995, 0.999,
] as const;

/** One trial: fresh processes and connections, cache and data in the same state, a warm-up, the recorded window. */
export interface Trial {
  side: SideName;
  /** Counts from 0; a pair has the same arrivals and keys on both sides. */
  pair: number;
  /** `noise` pairs run the base on both sides, to learn the noise of the machine before anything is judged. */
  purpose: 'judge' | 'noise';
  /** 0 for the first of its pair, 1 for the second; 0 for both of a duet. */
  position: 0 | 1;
  startedAt: string;
  durationMs: number;
  seed: number;
  requests: number;
  /** Of the whole recorded part, by measure id; null is unknown. */
  measures: Record<string, number | null>;
  /** Latency from the intended send at {@link TRIAL_QUANTILES}, ms; null where too few requests tell it. */
  latencyMs: (number | null)[];
  /** Empty for a valid trial; otherwise what made it invalid. */
  invalid: string[];
  /** What took the worth from its times alone, since counts need no punctual generator; empty where nothing did. */
  timesInvalid: string[];
  /** Checks that failed, for example wrong answers or a rate that was not carried: a definite fault of that side. */
  failedChecks: string[];
  generatorLagP99Ms: number | null;
  /** Share of the machine's CPU time that the hypervisor took; null where it is not told. */
  stolenCpuShare: number | null;
}

/** Where a hypervisor takes more of a trial, it does so in a burst. */
const MAX_STOLEN_CPU_SHARE = 0.1;

/**
 * Whether a burst of stolen CPU time fell into the trial. Such a burst has times of its own and does not know the
 * sides: side by side the pair does not count, and another takes its place.
 */
export function isDisturbed({ stolenCpuShare }: Pick<Trial, 'stolenCpuShare'>): boolean {
  return stolenCpuShare !== null && stolenCpuShare > MAX_STOLEN_CPU_SHARE;
}

/**
 * `improved`, `regressed`: shown beyond doubt. `unchanged`: shown to lie within the tolerance on both sides.
 * `within-noise`: not worse than the tolerance, and no change could be shown. `undecided`: could be worse than the
 * tolerance. `reported`: shown and never judged, as times against a baseline from elsewhere.
 */
export type MeasureOutcome = 'improved' | 'unchanged' | 'within-noise' | 'regressed' | 'undecided' | 'reported';

/** How a measure's change is expressed. Positive is worse, whichever way the measure points. */
export type EffectScale =
  /** ln(candidate / base), told as a share: 0.05 is 5 % worse. */
  | 'ratio'
  /** In the measure's own unit, for shares and for measures that can be 0. */
  | 'difference';

/** What was found of one measure. */
export interface MeasureDecision extends MeasureMeta {
  outcome: MeasureOutcome;
  scale: EffectScale;
  /** Medians over the trials of each side, in the measure's unit; null is unknown. */
  base: number | null;
  candidate: number | null;
  /** Hodges-Lehmann estimate, positive is worse; null where it cannot be estimated. */
  effect: number | null;
  /** Two-sided 95 % interval of the effect. */
  low: number | null;
  high: number | null;
  /** Largest effect that is let pass, on the same scale. */
  tolerance: number;
  /** Of the exact one-sided test, and adjusted over all judged measures (Holm); null where no test was made. */
  pValue: number | null;
  adjustedP: number | null;
  /** Pairs, or trials of the candidate, that this measure had. */
  n: number;
  /** Standard deviation of the paired effects. */
  spread: number | null;
  /** The smallest effect that would have been seen in 95 of 100 cases with this spread and this many pairs. */
  smallestDetectable: number | null;
  /** Pairs that would decide with this spread; null where it is decided, or cannot be told. */
  pairsNeeded: number | null;
  /** One sentence: why this outcome. */
  why: string;
}

/** Something that forbids trust in a comparison: then nothing is passed. */
export interface GateGuard {
  id: string;
  ok: boolean;
  message: string;
}

/** Rules of the decision; defaults and reasons stand with them in the settings. */
export interface GateRules {
  /** Tolerance by measure id; which measures are judged follows from it. */
  tolerances: Readonly<Record<string, { scale: EffectScale; tolerance: number }>>;
  /** Error rate over all measures together. */
  alpha: number;
  /** Pairs at which a clear pass, or a large regression, ends the gate early. */
  firstLook: number;
  /** Pairs at which it is decided in any case. */
  lastLook: number;
}

/** `continue`: neither clear nor at the last look. */
export interface GateDecision {
  status: 'pass' | 'regressed' | 'undecided' | 'continue';
  measures: MeasureDecision[];
  guards: GateGuard[];
  /** The decision in a sentence, as the first line of every output. */
  sentence: string;
  explanation: string;
}

/** Values of the trials that a baseline was accepted from: small, stable, reviewable. */
export interface Baseline {
  kind: 'cachequake-baseline';
  baselineVersion: 1;
  acceptedAt: string;
  cachequakeVersion: string;
  commit: string | null;
  machine: EnvironmentManifest['machine'];
  /** What must be the same for counts to be comparable. */
  experiment: {
    profile: string;
    parameters: Record<string, unknown>;
    target: string;
    stack: string;
    instances: number;
    seed: number;
    environment: EnvironmentManifest['id'];
    /** Fingerprint of everything else in the plan that shapes traffic and service. */
    fingerprint: string;
  };
  /** Judged measures, by id: one value for each trial, 4 significant digits. */
  counts: Record<string, (number | null)[]>;
  /** Never judged. */
  times: Record<string, (number | null)[]>;
}

export interface GateResult {
  kind: 'gate';
  schemaVersion: number;
  cachequakeVersion: string;
  runId: string;
  /** The command that was typed. */
  command: string;
  startedAt: string;
  finishedAt: string;
  partial: boolean;
  evidence: 'side-by-side' | 'baseline';
  /** Null against a baseline. */
  design: PairDesign | null;
  /** Of one trial, candidate's side. */
  plan: RunPlan;
  environment: EnvironmentManifest;
  sides: GateSide[];
  /** Null side by side. */
  baseline: { file: string; acceptedAt: string; commit: string | null; sameMachine: boolean } | null;
  rules: GateRules;
  trials: Trial[];
  measureDefinitions: MeasureMeta[];
  measures: MeasureDecision[];
  guards: GateGuard[];
  decision: 'pass' | 'regressed' | 'undecided';
  verdict: { status: VerdictStatus; sentence: string; explanation: string };
  /** To run the same again, and to accept the candidate as it is; null where there is nothing to accept. */
  repeatCommand: string;
  acceptCommand: string | null;
}
