/**
 * Lifts results of older schema versions to the current one, so that a report can be rendered again years later. A
 * result of each version is kept in `fixtures/` and read in the tests.
 */
import { HarnessError } from '../contract/errors.ts';
import { RESULT_SCHEMA_VERSION } from '../contract/result.ts';

type Json = Record<string, unknown>;

/** Steps by the version that they start from; each returns the next version's form. Version 1 is the first. */
const STEPS: ReadonlyMap<number, (older: Json) => Json> = new Map([[1, fromVersion1]]);

/** Version 1 knew one store and one way to write, no stock strategies from files, and named a run by its stack. */
function fromVersion1(older: Json): Json {
  const plan = older['plan'] as Json | undefined;
  if (plan === undefined) return older;
  const part = (id: string): Json => ({ id, parameters: {}, file: null });
  const { operations } = plan['load'] as { operations: { operation: string }[] };
  const writes = operations.some(({ operation }) => operation === 'write-item');
  return {
    ...older,
    plan: {
      ...plan,
      label: plan['defence'],
      store: part('redis'),
      workload: null,
      edge: null,
      write: writes ? part('invalidate-after-write') : null,
      stock: (plan['stock'] ?? null) === null ? null : { ...(plan['stock'] as Json), file: null },
    },
  };
}

/**
 * Brings a result to the current version. Applies one step after the other, to the runs of a comparison as well.
 *
 * @param file for messages
 * @throws HarnessError BAD_RESULT without a version, NEWER_SCHEMA for a version from the future
 */
export function migrate(
  result: Json,
  file: string,
  steps: ReadonlyMap<number, (older: Json) => Json> = STEPS,
  current = RESULT_SCHEMA_VERSION,
): Json {
  const version = result['schemaVersion'];
  if (typeof version !== 'number' || !Number.isInteger(version) || version < 1)
    throw new HarnessError('BAD_RESULT', `${file} is not a Cachequake result: it has no schemaVersion`, {
      hint: 'give the folder of a run, or its result.json',
    });
  const by = result['cachequakeVersion'];
  if (version > current)
    throw new HarnessError(
      'NEWER_SCHEMA',
      `${file} has schema version ${version}; this Cachequake reads up to ${current}`,
      {
        hint: `it was written by ${typeof by === 'string' ? `Cachequake ${by}` : 'a later Cachequake'}: update to read it`,
      },
    );
  let lifted = result;
  for (let from = version; from < current; from++) {
    const step = steps.get(from);
    if (!step) throw new HarnessError('BAD_RESULT', `${file} has schema version ${from}, which can no longer be read`);
    lifted = { ...step(lifted), schemaVersion: from + 1 };
  }
  const runs = lifted['runs'];
  if (Array.isArray(runs)) lifted = { ...lifted, runs: runs.map((run: Json) => migrate(run, file, steps, current)) };
  return lifted;
}
