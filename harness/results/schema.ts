/**
 * The result file's schema: one source for reading it back, for the published JSON Schema, and, proven by the
 * compiler at the end of this file, the same as the contract's types. A change to one without the other does not
 * compile.
 */
import { z } from 'zod';
import type { ComparisonResult, RunResult, StoredResult } from '../contract/result.ts';
import { gateResult } from './schema-gate.ts';
import { head, measureMeta, type Same, status, unit, verdict } from './schema-head.ts';
import { environmentManifest, faultInterval, runPlan } from './schema-plan.ts';
import { histogramRecord, loadSlots, generatorEvidence, series, statement } from './schema-load.ts';

const phase = z.enum(['before', 'during', 'after', 'run']);

const runResult = z
  .object({
    kind: z.literal('run'),
    ...head,
    plan: runPlan,
    environment: environmentManifest,
    measuredFromMs: z.number().describe('start of the recorded part, epoch ms; series count from it'),
    phases: z
      .array(z.object({ name: phase, fromMs: z.number(), toMs: z.number() }))
      .describe('bounds in ms from measuredFromMs'),
    histograms: z.array(histogramRecord),
    slots: loadSlots,
    generator: generatorEvidence,
    series: z.array(series),
    statements: z.array(statement),
    probes: z.array(
      z.object({
        probe: z.string(),
        everyMs: z.number(),
        samples: z.number(),
        lostSamples: z.number(),
        error: z.string().nullable(),
      }),
    ),
    faults: z.array(faultInterval),
    measureDefinitions: z.array(measureMeta),
    measures: z
      .record(z.string(), z.record(z.string(), z.number().nullable()))
      .describe('by phase name and measure id; null is unknown'),
    recovery: z.array(
      z.object({
        fault: z.string(),
        recoveredAtMs: z.number().nullable().describe('epoch ms'),
        recoverySec: z.number().nullable(),
        status: z.enum(['recovered', 'never', 'unaffected', 'unknown']),
      }),
    ),
    checks: z.array(
      z.object({
        id: z.string(),
        title: z.string(),
        status,
        message: z.string(),
        examples: z.array(z.string()).exactOptional(),
      }),
    ),
    thresholds: z.array(
      z.object({
        text: z.string(),
        measure: z.string(),
        phase,
        operator: z.enum(['<', '<=', '>', '>=', '==', '!=']),
        limit: z.number(),
        actual: z.number().nullable(),
        unit,
        status,
      }),
    ),
    validity: z.object({
      valid: z.boolean(),
      findings: z.array(z.object({ id: z.string(), ok: z.boolean(), message: z.string() })),
    }),
    verdict,
    examples: z.array(z.string()),
    probeCostCpuShare: z.number().nullable(),
  })
  .meta({ id: 'RunResult' });

const comparisonResult = z.object({
  kind: z.literal('comparison'),
  ...head,
  runs: z.array(runResult),
  verdict,
  differences: z.array(z.string()),
  intervals: z
    .array(
      z.object({
        scenario: z.string(),
        contender: z.string(),
        against: z.string(),
        measure: z.string(),
        phase,
        scale: z.enum(['ratio', 'difference']),
        effect: z
          .number()
          .nullable()
          .describe("positive is worse: a share for ratios, the measure's unit for differences"),
        low: z.number().nullable().describe('of the two-sided 95 % interval'),
        high: z.number().nullable(),
        pairs: z.number(),
        pValue: z.number().describe('exact, two-sided'),
        adjustedP: z.number().describe('over all contenders and measures (Holm)'),
        outcome: z.enum(['better', 'worse', 'within-noise', 'too-few']),
        pairsNeeded: z.number().nullable(),
      }),
    )
    .exactOptional()
    .describe('what repeats show, paired by repeat'),
});

/** Reads any result of the current version. */
export const storedResultSchema = z.discriminatedUnion('kind', [runResult, comparisonResult, gateResult]);

/** The published JSON Schema (draft 2020-12) of a result file. */
export function resultJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(storedResultSchema);
  return {
    ...schema,
    title: 'Cachequake result',
    description: 'What `cachequake run`, `compare` and `gate` leave behind.',
  };
}

/** Does not compile where schema and contract differ, in whatever field. */
type Proof = [
  Same<z.output<typeof runResult>, RunResult>,
  Same<z.output<typeof comparisonResult>, ComparisonResult>,
  Same<z.output<typeof storedResultSchema>, StoredResult>,
];
const proof: Proof = [true, true, true];
void proof;
