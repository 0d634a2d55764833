/**
 * The baseline as a file that lives in a repository: short, in a fixed order, one line for each measure, figures cut to
 * four digits, so that a reviewer reads what a change costs. It is read strictly: a baseline of another experiment
 * would compare apples with pears, and is refused with the field that differs.
 */
import { createHash } from 'node:crypto';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { z } from 'zod';
import { HarnessError, messageOf } from '../contract/errors.ts';
import type { Baseline } from '../contract/gate.ts';
import type { RunPlan } from '../contract/plan.ts';
import { firstProblem } from '../results/read.ts';
import type { Same } from '../results/schema-head.ts';
import { environmentManifest } from '../results/schema-plan.ts';

const values = z.record(z.string(), z.array(z.number().nullable()).min(1));

const baselineSchema = z.strictObject({
  kind: z.literal('cachequake-baseline'),
  baselineVersion: z.literal(1),
  acceptedAt: z.iso.datetime(),
  cachequakeVersion: z.string(),
  commit: z.string().nullable(),
  machine: environmentManifest.shape.machine.strict(),
  experiment: z.strictObject({
    profile: z.string(),
    parameters: z.record(z.string(), z.unknown()),
    target: z.string(),
    stack: z.string(),
    instances: z.int(),
    seed: z.int(),
    environment: environmentManifest.shape.id,
    fingerprint: z.string(),
  }),
  counts: values,
  times: values,
});
const proof: Same<z.output<typeof baselineSchema>, Baseline> = true;
void proof;

const ACCEPT = 'accept this run as the new baseline with --accept, or run what the baseline was made from';

/** What must be the same for counts to be comparable. */
export function experimentOf(plan: RunPlan): Baseline['experiment'] {
  const { load } = plan;
  const { seed: _seed, ...traffic } = load;
  return {
    profile: plan.profile.id,
    parameters: plan.profile.parameters,
    target: plan.target.id,
    stack: plan.defence,
    instances: plan.instances,
    seed: plan.seed,
    environment: plan.environment,
    // Told apart by part, so that a difference has a name although the file does not hold the whole plan.
    fingerprint: [
      ['traffic', traffic],
      ['data', [plan.dataset, plan.ttlMs, plan.hotKey, plan.study, plan.redisConfig]],
      ['parts', [plan.stack, plan.store, plan.write, plan.workload, plan.stock, plan.edge, plan.readReplica]],
      ['limits', [plan.service, plan.purchasesPerUser, plan.perUserPerSec]],
      ['faults', plan.faults],
    ]
      .map(([name, part]) => `${name as string}:${hash(part)}`)
      .join(' '),
  };
}

function hash(part: unknown): string {
  const text = JSON.stringify(sorted(part), namesOnly) ?? 'null';
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}

/** A repository lies elsewhere on every machine: of the files of a plan only the names count. */
function namesOnly(key: string, value: unknown): unknown {
  return key === 'file' && typeof value === 'string' ? basename(value) : value;
}

/** The same content with the keys of all objects in order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}

/**
 * Reads a baseline.
 *
 * @throws HarnessError BAD_BASELINE with the path and the field
 */
export function readBaseline(file: string): Baseline {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    throw new HarnessError(
      'BAD_BASELINE',
      missing ? `there is no baseline at ${file}` : `${file}: ${messageOf(cause)}`,
      {
        hint: missing ? 'add --accept to make one from this version' : undefined,
        cause,
      },
    );
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new HarnessError('BAD_BASELINE', `${file} is not JSON: ${messageOf(cause)}`, { hint: ACCEPT, cause });
  }
  const version = (json as { baselineVersion?: unknown } | null)?.baselineVersion;
  if ((json as { kind?: unknown } | null)?.kind === 'cachequake-baseline' && version !== 1)
    throw new HarnessError('BAD_BASELINE', `${file} has baseline version ${String(version)}; this Cachequake reads 1`, {
      hint: ACCEPT,
    });
  const parsed = baselineSchema.safeParse(json);
  if (!parsed.success)
    throw new HarnessError('BAD_BASELINE', `${file}: ${firstProblem(parsed.error)}`, { hint: ACCEPT });
  return parsed.data;
}

/**
 * Refuses a baseline of another experiment.
 *
 * @throws HarnessError BAD_BASELINE with the first field that differs, and both its values
 */
export function assertSameExperiment(file: string, baseline: Baseline, plan: RunPlan): void {
  const now = experimentOf(plan);
  const then = baseline.experiment;
  const differ = (field: string, before: unknown, after: unknown): void => {
    if (JSON.stringify(sorted(before)) === JSON.stringify(sorted(after))) return;
    throw new HarnessError(
      'BAD_BASELINE',
      `${file} is of another experiment: ${field}: the baseline has ${shown(before)}, this run has ${shown(after)}`,
      { hint: ACCEPT },
    );
  };
  for (const field of ['profile', 'target', 'stack', 'instances', 'seed', 'environment'] as const)
    differ(field, then[field], now[field]);
  for (const name of new Set([...Object.keys(then.parameters), ...Object.keys(now.parameters)]))
    differ(`parameter ${name}`, then.parameters[name], now.parameters[name]);
  const parts = (fingerprint: string): Map<string, string> =>
    new Map(fingerprint.split(' ').map((part) => part.split(':') as [string, string]));
  const before = parts(then.fingerprint);
  for (const [name, after] of parts(now.fingerprint)) differ(`the shape of its ${name}`, before.get(name), after);
  differ('shape', then.fingerprint, now.fingerprint);
}

const shown = (value: unknown): string => (value === undefined ? 'none' : JSON.stringify(value));

/** The file's text: one line for each field and each measure, keys in order, a newline at the end. */
export function baselineText(baseline: Baseline): string {
  const block = (record: object): string => {
    const lines = Object.entries(sorted(record) as object).map(
      ([key, value]) => `    ${JSON.stringify(key)}: ${spaced(value)}`,
    );
    return lines.length === 0 ? '{}' : `{\n${lines.join(',\n')}\n  }`;
  };
  const { experiment, counts, times, ...head } = baseline;
  const lines = Object.entries(head).map(([key, value]) => `  ${JSON.stringify(key)}: ${spaced(sorted(value))}`);
  for (const [key, record] of Object.entries({ experiment, counts, times })) lines.push(`  "${key}": ${block(record)}`);
  return `{\n${lines.join(',\n')}\n}\n`;
}

/** JSON on one line, with blanks as people write it. */
function spaced(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(spaced).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const inner = Object.entries(value).map(([key, one]) => `${JSON.stringify(key)}: ${spaced(one)}`);
  return inner.length === 0 ? '{}' : `{ ${inner.join(', ')} }`;
}

/**
 * Writes it whole or not at all.
 *
 * @throws HarnessError OUTPUT_FAILED where the disk refuses
 */
export function writeBaseline(file: string, baseline: Baseline): void {
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, baselineText(baseline));
    renameSync(temporary, file);
  } catch (cause) {
    rmSync(temporary, { force: true });
    throw new HarnessError('OUTPUT_FAILED', `the baseline ${file} cannot be written: ${messageOf(cause)}`, { cause });
  }
}
