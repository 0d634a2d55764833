/** Puts together what a run leaves behind: what was planned, what was seen, and what was made of it. */
import type { EnvironmentManifest } from '../contract/environment.ts';
import { type ComparisonResult, type Judgement, RESULT_SCHEMA_VERSION, type RunResult } from '../contract/result.ts';
import type { Evidence } from '../contract/verdict.ts';
import { packageVersion } from '../kit/package-root.ts';

interface Occasion {
  runId: string;
  /** The command that was typed; passwords are taken out when it is written. */
  command: string;
  startedAt: Date;
  finishedAt: Date;
}

export interface RunMaterial extends Occasion {
  evidence: Evidence;
  judgement: Judgement;
  manifest: EnvironmentManifest;
  /** CPU that the probes cost, as a share of one core; null where it was not measured. */
  probeCostCpuShare: number | null;
}

/** The result of one run. */
export function assembleRunResult(material: RunMaterial): RunResult {
  const { evidence, judgement, manifest } = material;
  return {
    kind: 'run',
    ...headOf(material),
    partial: evidence.interrupted || evidence.load.interrupted,
    plan: evidence.plan,
    environment: manifest,
    measuredFromMs: evidence.measuredFromMs,
    phases: judgement.phases,
    histograms: evidence.load.histograms,
    slots: evidence.load.slots,
    generator: evidence.load.generator,
    series: evidence.probes.flatMap((probe) => probe.series),
    statements: evidence.probes.flatMap((probe) => probe.statements),
    probes: evidence.probes.map(({ probe, everyMs, samples, lostSamples, error }) => ({
      probe,
      everyMs,
      samples,
      lostSamples,
      error,
    })),
    faults: evidence.faults,
    measureDefinitions: judgement.measureDefinitions,
    measures: judgement.measures,
    recovery: judgement.recovery,
    checks: judgement.checks,
    thresholds: judgement.thresholds,
    validity: judgement.validity,
    verdict: judgement.verdict,
    examples: evidence.load.examples,
    probeCostCpuShare: material.probeCostCpuShare,
  };
}

export interface ComparisonMaterial extends Occasion {
  runs: RunResult[];
  judgement: Pick<ComparisonResult, 'verdict' | 'differences' | 'intervals'>;
}

/** The result of several runs; partial where any of them is. */
export function assembleComparisonResult(material: ComparisonMaterial): ComparisonResult {
  return {
    kind: 'comparison',
    ...headOf(material),
    partial: material.runs.some((run) => run.partial),
    runs: material.runs,
    ...material.judgement,
  };
}

function headOf({
  runId,
  command,
  startedAt,
  finishedAt,
}: Occasion): Pick<
  RunResult,
  'schemaVersion' | 'cachequakeVersion' | 'runId' | 'command' | 'startedAt' | 'finishedAt'
> {
  return {
    schemaVersion: RESULT_SCHEMA_VERSION,
    cachequakeVersion: packageVersion(),
    runId,
    command,
    startedAt: startedAt.toISOString(),
    finishedAt: finishedAt.toISOString(),
  };
}
