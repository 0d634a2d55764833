/** The schema of a gate's result, and the compiler's proof that it is the contract's type. */
import { z } from 'zod';
import type { GateResult } from '../contract/gate.ts';
import { head, measureFields, measureMeta, type Same, verdict } from './schema-head.ts';
import { environmentManifest, runPlan } from './schema-plan.ts';

const sideName = z.enum(['base', 'candidate']);
const scale = z
  .enum(['ratio', 'difference'])
  .describe('ratio: ln(candidate / base) told as a share; difference: in the unit of the measure');

const trial = z.object({
  side: sideName,
  pair: z.int().describe('from 0; both sides of a pair have the same arrivals and keys'),
  purpose: z.enum(['judge', 'noise']).describe('noise: the base on both sides'),
  position: z.union([z.literal(0), z.literal(1)]),
  startedAt: z.string().describe('ISO 8601'),
  durationMs: z.number(),
  seed: z.number(),
  requests: z.number(),
  measures: z.record(z.string(), z.number().nullable()).describe('of the whole recorded part; null is unknown'),
  latencyMs: z.array(z.number().nullable()).describe('from the intended send, at fixed shares of the requests'),
  invalid: z.array(z.string()),
  timesInvalid: z.array(z.string()).describe('what took the worth from its times alone'),
  failedChecks: z.array(z.string()),
  generatorLagP99Ms: z.number().nullable(),
  stolenCpuShare: z.number().nullable().describe('share of CPU time that the hypervisor took'),
});

const measureDecision = z.object({
  ...measureFields,
  outcome: z.enum(['improved', 'unchanged', 'within-noise', 'regressed', 'undecided', 'reported']),
  scale,
  base: z.number().nullable().describe('median over the trials'),
  candidate: z.number().nullable().describe('median over the trials'),
  effect: z.number().nullable().describe('Hodges-Lehmann; positive is worse'),
  low: z.number().nullable().describe('of the two-sided 95 % interval'),
  high: z.number().nullable(),
  tolerance: z.number(),
  pValue: z.number().nullable(),
  adjustedP: z.number().nullable().describe('over all judged measures (Holm)'),
  n: z.number(),
  spread: z.number().nullable().describe('standard deviation of the paired effects'),
  smallestDetectable: z.number().nullable(),
  pairsNeeded: z.number().nullable(),
  why: z.string(),
});

export const gateResult = z
  .object({
    kind: z.literal('gate'),
    ...head,
    evidence: z.enum(['side-by-side', 'baseline']),
    design: z.enum(['alternating', 'duet']).nullable().describe('null against a baseline'),
    plan: runPlan.describe('of one trial of the candidate'),
    environment: environmentManifest,
    sides: z.array(z.object({ name: sideName, title: z.string(), commit: z.string().nullable() })),
    baseline: z
      .object({
        file: z.string(),
        acceptedAt: z.string(),
        commit: z.string().nullable(),
        sameMachine: z.boolean(),
      })
      .nullable(),
    rules: z.object({
      tolerances: z.record(z.string(), z.object({ scale, tolerance: z.number() })),
      alpha: z.number(),
      firstLook: z.number(),
      lastLook: z.number(),
    }),
    trials: z.array(trial),
    measureDefinitions: z.array(measureMeta),
    measures: z.array(measureDecision),
    guards: z.array(z.object({ id: z.string(), ok: z.boolean(), message: z.string() })),
    decision: z.enum(['pass', 'regressed', 'undecided']),
    verdict,
    repeatCommand: z.string(),
    acceptCommand: z.string().nullable(),
  })
  .meta({ id: 'GateResult' });

/** Does not compile where schema and contract differ, in whatever field. */
const proof: Same<z.output<typeof gateResult>, GateResult> = true;
void proof;
