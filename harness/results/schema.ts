/**
 * The result file's schema: one source for reading it back, for the published JSON Schema, and, proven by the
 * compiler at the end of this file, the same as the contract's types. A change to one without the other does not
 * compile.
 */
import { z } from 'zod';
import type { AnyResult, ComparisonResult, RunResult } from '../contract/result.ts';
import { environmentManifest, faultInterval, runPlan } from './schema-plan.ts';
import { histogramRecord, loadSlots, generatorEvidence, series, statement } from './schema-load.ts';

const status = z.enum(['pass', 'unknown', 'fail']);
const unit = z.enum(['ms', 's', '%', '/s', 'ratio', 'count', 'bytes', 'loads', 'queries']);
const phase = z.enum(['before', 'during', 'after', 'run']);
const verdict = z.object({ status, sentence: z.string(), explanation: z.string() });

const head = {
  schemaVersion: z.int().describe('1; a reader refuses a higher one and lifts a lower one'),
  cachequakeVersion: z.string(),
  runId: z.string(),
  command: z.string().describe('as it was typed, passwords replaced'),
  startedAt: z.string().describe('ISO 8601'),
  finishedAt: z.string().describe('ISO 8601'),
  partial: z.boolean().describe('true when the run was interrupted'),
};

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
    measureDefinitions: z.array(
      z.object({
        id: z.string(),
        title: z.string(),
        unit,
        better: z.enum(['lower', 'higher', 'neither']),
        evidence: z.enum(['count', 'time']).describe('count hardly depends on the machine, time does'),
      }),
    ),
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
});

/** Reads any result of the current version. */
export const anyResultSchema = z.discriminatedUnion('kind', [runResult, comparisonResult]);

/** The published JSON Schema (draft 2020-12) of a result file. */
export function resultJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(anyResultSchema);
  return { ...schema, title: 'Cachequake result', description: 'What `cachequake run` and `compare` leave behind.' };
}

/** Arrays that the contract only reads are plain arrays in a file. */
type Mutable<T> = T extends readonly (infer E)[]
  ? Mutable<E>[]
  : T extends object
    ? { -readonly [K in keyof T]: Mutable<T[K]> }
    : T;
// The type parameter is what makes the compiler compare the two types themselves and not what may be assigned.
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters
type Same<A, B> = (<T>() => T extends Mutable<A> ? 1 : 2) extends <T>() => T extends Mutable<B> ? 1 : 2 ? true : never;

/** Does not compile where schema and contract differ, in whatever field. */
type Proof = [
  Same<z.output<typeof runResult>, RunResult>,
  Same<z.output<typeof comparisonResult>, ComparisonResult>,
  Same<z.output<typeof anyResultSchema>, AnyResult>,
];
const proof: Proof = [true, true, true];
void proof;
