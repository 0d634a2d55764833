/**
 * After the drain of a run that wrote: what the database says of every write, how its clock differs from ours, and what
 * readers are given of the written keys once nothing is under way that could still fill the cache.
 */
import type { Coherence, ReadAtEnd } from '../contract/coherence.ts';
import type { StartedInstance } from '../contract/environment.ts';
import type { RunPlan } from '../contract/plan.ts';
import type { QueryRunner, Target, WriteHistory, WriteSideAnswer } from '../contract/target.ts';
import { realClock } from '../kit/clock.ts';
import { fillRequestText } from '../kit/request-text.ts';

/** Keys that are read again, at most. */
const MOST_KEYS = 1000;
const REQUEST_LIMIT_MS = 5000;
/** Beyond twice the time of a load: for answers on their way. */
const SETTLE_MS = 300;

/** Null where the plan does not write, or the target does not tell its history. */
export async function readCoherence(
  plan: RunPlan,
  target: Target,
  instances: readonly StartedInstance[],
  sql: QueryRunner,
): Promise<Coherence | null> {
  if (!target.writeHistory || !plan.load.operations.some(({ recordVersions }) => recordVersions)) return null;
  const { cost } = plan.dataset;
  await realClock.sleep(SETTLE_MS + (cost.kind === 'wait' ? 2 * cost.waitMs * (1 + (cost.spread ?? 0)) : 0));
  const clock = await compareClocks(sql);
  const history = await target.writeHistory(sql);
  const told = await Promise.all(instances.map((instance) => askWriteSide(instance)));
  const worst = (pick: (answer: WriteSideAnswer) => number): number =>
    Math.max(0, ...told.flatMap((answer) => (answer === null ? [] : [pick(answer)])));
  const lags = told.flatMap((answer) => answer?.lagP99Ms ?? []);
  return {
    history,
    ...clock,
    atEnd: await readWrittenKeys(plan, instances, history),
    // Instances share their queues, so each tells the same number.
    pending: worst(({ pending }) => pending),
    deadLetters: worst(({ deadLetters }) => deadLetters),
    lossBound: worst(({ lossBound }) => lossBound),
    lagP99Ms: lags.length > 0 ? Math.max(...lags) : null,
  };
}

/** The shortest of several round trips says most. */
async function compareClocks(sql: QueryRunner): Promise<Pick<Coherence, 'clockDifferenceMs' | 'clockUncertaintyMs'>> {
  let best = { clockDifferenceMs: 0, clockUncertaintyMs: Infinity };
  for (let i = 0; i < 5; i++) {
    const before = realClock.nowMs();
    const [row] = await sql.query<{ at: number }>(
      'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS at',
    );
    const after = realClock.nowMs();
    const clockUncertaintyMs = (after - before) / 2;
    if (clockUncertaintyMs < best.clockUncertaintyMs)
      best = { clockDifferenceMs: row!.at - (before + after) / 2, clockUncertaintyMs };
  }
  return best;
}

async function readWrittenKeys(
  plan: RunPlan,
  instances: readonly StartedInstance[],
  { rows }: WriteHistory,
): Promise<ReadAtEnd[]> {
  const request = plan.load.operations.find(({ operation }) => operation === 'read-item')?.request;
  if (request === undefined) return [];
  const read = async (instance: StartedInstance, key: number, row: number): Promise<ReadAtEnd> => {
    const path = fillRequestText(request.path, { key, user: 0, id: 'end' });
    const response = await ask(`${instance.url}${path}`);
    const tag = /(\d{1,15})"?$/.exec(response?.headers.get('etag') ?? '')?.[1];
    return { key, instance: instance.index, served: tag === undefined ? null : Number(tag), row };
  };
  // One after the other for each instance: this is a look and not a load.
  const all = await Promise.all(
    instances.map(async (instance) => {
      const seen: ReadAtEnd[] = [];
      for (const { key, version } of rows.slice(0, MOST_KEYS)) seen.push(await read(instance, key, version));
      return seen;
    }),
  );
  return all.flat();
}

async function askWriteSide(instance: StartedInstance): Promise<WriteSideAnswer | null> {
  const response = await ask(`${instance.url}/cachequake/writes`);
  return response?.ok ? (JSON.parse(response.body) as WriteSideAnswer) : null;
}

async function ask(url: string): Promise<{ ok: boolean; headers: Headers; body: string } | null> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(REQUEST_LIMIT_MS) });
    return { ok: response.ok, headers: response.headers, body: await response.text() };
  } catch {
    return null; // said by the record that is then without a version
  }
}
