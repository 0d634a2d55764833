/** Puts together what a gate leaves behind. */
import type { EnvironmentManifest } from '../contract/environment.ts';
import type { GateDecision, GateResult, GateRules, GateSide, PairDesign, Trial } from '../contract/gate.ts';
import type { RunPlan } from '../contract/plan.ts';
import { RESULT_SCHEMA_VERSION } from '../contract/result.ts';
import type { MeasureMeta } from '../contract/verdict.ts';
import { packageVersion } from '../kit/package-root.ts';

export interface GateMaterial {
  runId: string;
  /** The command that was typed, redacted. */
  command: string;
  startedAt: Date;
  partial: boolean;
  design: PairDesign | null;
  plan: RunPlan;
  manifest: EnvironmentManifest;
  sides: readonly GateSide[];
  baseline: GateResult['baseline'];
  rules: GateRules;
  trials: readonly Trial[];
  measures: readonly MeasureMeta[];
  decision: Omit<GateDecision, 'status'> & { status: GateResult['decision'] };
  acceptCommand: string | null;
}

const STATUS = { pass: 'pass', regressed: 'fail', undecided: 'unknown' } as const;

/** The result of a gate; nothing green comes from an interrupted one. */
export function assembleGateResult(material: GateMaterial): GateResult {
  const { decision, partial } = material;
  const status = partial && decision.status === 'pass' ? 'undecided' : decision.status;
  return {
    kind: 'gate',
    schemaVersion: RESULT_SCHEMA_VERSION,
    cachequakeVersion: packageVersion(),
    runId: material.runId,
    command: material.command,
    startedAt: material.startedAt.toISOString(),
    finishedAt: new Date().toISOString(),
    partial,
    evidence: material.baseline === null ? 'side-by-side' : 'baseline',
    design: material.design,
    plan: material.plan,
    environment: material.manifest,
    sides: [...material.sides],
    baseline: material.baseline,
    rules: material.rules,
    trials: [...material.trials],
    measureDefinitions: [...material.measures],
    measures: decision.measures,
    guards: decision.guards,
    decision: status,
    verdict: { status: STATUS[status], sentence: decision.sentence, explanation: decision.explanation },
    repeatCommand: material.command,
    acceptCommand: material.acceptCommand,
  };
}
