/**
 * The section `gate` of the config file, and the flags of `cachequake gate` that win over it: one table of names,
 * types, defaults and descriptions, from which help, checks and the published JSON Schema are made.
 */
import { z } from 'zod';
import { HarnessError } from '../contract/errors.ts';
import type { PairDesign } from '../contract/gate.ts';
import { parseDurationMs } from '../kit/units.ts';

const duration = z.string().regex(/^\d+(\.\d+)?(ms|s|m|h)$/, 'write a number with its unit, for example 90s or 10m');

const looks = z.int().min(1).max(60).nullable().default(null);

export const gateSettingsSchema = z.strictObject({
  build: z
    .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
    .nullable()
    .default(null)
    .describe('command that installs and builds the version of a git ref, run in its worktree; text goes to a shell'),
  buildTimeout: duration.default('10m').describe('how long the build may take'),
  base: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe('what the candidate is compared with, side by side: a git ref, a command or an image'),
  candidate: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe('what is judged: a git ref, a command or an image; the working folder as it is where not given'),
  baseline: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe('file of accepted counts, compared with instead of a base; relative to the working folder'),
  design: z
    .enum(['alternating', 'duet'])
    .nullable()
    .default(null)
    .describe(
      'the sides of a pair one after the other with the whole machine each, or both at once at half the rate each; where not given at once, and one after the other on servers of which there is one set only',
    ),
  budget: duration.default('10m').describe('how long measuring may take; no pair is begun that would end later'),
  trial: duration
    .nullable()
    .default(null)
    .describe(
      'length of the recorded part of a trial; what the judged quantiles need and the budget has where not given',
    ),
  tolerances: z
    .record(z.string(), z.union([z.string(), z.number()]))
    .default({})
    .describe('largest change that is let pass, by measure: { "p99": "10%", "queriesPerRequest": "2%" }'),
  noisePairs: z
    .int()
    .min(0)
    .max(20)
    .default(2)
    .describe('pairs of the base with itself that are run first, to learn the noise of the machine'),
  firstLook: looks.describe(
    'pairs after which a clear pass or a large regression ends the gate: 12, or 6 trials against a baseline',
  ),
  lastLook: looks.describe('pairs after which it is decided in any case: 24, or 12 trials against a baseline'),
  alpha: z
    .number()
    .gt(0)
    .max(0.2)
    .default(0.01)
    .describe('how often an unchanged service may be called regressed, over all measures together'),
  baselineTrials: z.int().min(1).max(60).default(12).describe('trials that a baseline is accepted from'),
});

/** The settings with durations in ms. */
export interface GateSettings {
  build: string | string[] | null;
  buildTimeoutMs: number;
  base: string | null;
  candidate: string | null;
  baseline: string | null;
  /** Null for what the servers allow. */
  design: PairDesign | null;
  budgetMs: number;
  /** Null for a length that gives enough requests. */
  trialMs: number | null;
  tolerances: Record<string, string | number>;
  noisePairs: number;
  /** Null for what goes with the kind of evidence. */
  firstLook: number | null;
  lastLook: number | null;
  alpha: number;
  baselineTrials: number;
}

/**
 * Merges flags, the config's section and defaults.
 *
 * @param flags as commander gives them: undefined where not typed
 * @param section of the config file, if it has one
 * @param configPath for messages
 * @throws HarnessError BAD_CONFIG or BAD_PARAMETER that names the field or the flag
 */
export function gateSettings(
  flags: Readonly<Partial<Record<keyof GateSettingsInput, unknown>>>,
  section: unknown,
  configPath: string | null,
): GateSettings {
  const where = configPath ?? 'the config';
  const inConfig = gateSettingsSchema.safeParse(section ?? {});
  if (!inConfig.success) {
    const issue = inConfig.error.issues[0]!;
    throw new HarnessError('BAD_CONFIG', `${where}: ${['gate', ...issue.path].join('.')}: ${issue.message}`, {
      hint: hintFor(issue.path[0]),
    });
  }
  const typed = Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined));
  const tolerances = { ...inConfig.data.tolerances, ...(typed['tolerances'] as object | undefined) };
  const merged = gateSettingsSchema.safeParse({ ...inConfig.data, ...typed, tolerances });
  if (!merged.success) {
    const issue = merged.error.issues[0]!;
    const name = String(issue.path[0]);
    throw new HarnessError(
      'BAD_PARAMETER',
      `--${name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}: ${issue.message}`,
      { hint: hintFor(name) },
    );
  }
  const { buildTimeout, budget, trial, ...rest } = merged.data;
  return {
    ...rest,
    buildTimeoutMs: parseDurationMs(buildTimeout, 'gate.buildTimeout'),
    budgetMs: parseDurationMs(budget, '--budget'),
    trialMs: trial === null ? null : parseDurationMs(trial, '--trial'),
  };
}

type GateSettingsInput = z.input<typeof gateSettingsSchema>;

function hintFor(name: PropertyKey | undefined): string | undefined {
  const field = gateSettingsSchema.shape[name as keyof GateSettingsInput] as z.ZodType | undefined;
  const names = Object.keys(gateSettingsSchema.shape).join(', ');
  return field?.description === undefined ? `known: ${names}` : `${String(name)}: ${field.description}`;
}
