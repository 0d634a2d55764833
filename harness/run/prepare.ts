/**
 * Brings a started stack into the state in which every run begins: an empty cache, the data as it was, no toxics; and
 * proves, before any figure is recorded, that requests reach the database and the cache and that clocks agree.
 */
import type { Redis } from 'ioredis';
import type { StartedInstance } from '../contract/environment.ts';
import { HarnessError, messageOf } from '../contract/errors.ts';
import type { RequestTemplate } from '../contract/operation.ts';
import type { RunPlan } from '../contract/plan.ts';
import type { ServiceProbeAnswer } from '../contract/target.ts';
import { realClock } from '../kit/clock.ts';
import { fillRequestText } from '../kit/request-text.ts';

/** Processes on one machine agree to well under this; more means that joined times would lie. */
const MAX_CLOCK_DIFFERENCE_MS = 50;

/**
 * Reads one item through every instance and compares clocks.
 *
 * @throws HarnessError SERVICE_FAILED where an instance does not answer as its target says
 */
export async function proveService(plan: RunPlan, instances: readonly StartedInstance[]): Promise<void> {
  const read = plan.load.operations.find((o) => o.operation === 'read-item');
  for (const instance of instances) {
    if (read) await proveRead(plan, instance, read.request);
    const before = realClock.nowMs();
    const answer = await askProbe(instance, 0);
    if (answer === null) continue;
    const theirs = answer.nowMs;
    const after = realClock.nowMs();
    const off = Math.max(before - theirs, theirs - after, 0);
    if (off > MAX_CLOCK_DIFFERENCE_MS)
      throw new HarnessError(
        'ENVIRONMENT_UNAVAILABLE',
        `the clock of instance ${instance.index} is off by ${Math.round(off)} ms`,
        {
          hint: 'latencies, loads and faults could not be joined on one time axis; synchronise the clocks',
        },
      );
  }
}

async function proveRead(plan: RunPlan, instance: StartedInstance, request: RequestTemplate): Promise<void> {
  const { url, init } = requestOf(instance.url, request, 0, 'prove');
  const { status, body } = await get(url, plan.load.timeoutMs + 5000, instance.index, init);
  const identity =
    request.identity === undefined ? undefined : fillRequestText(request.identity, { key: 0, user: 0, id: 'prove' });
  const problem =
    status < 200 || status > 299
      ? `with ${status}`
      : identity !== undefined && !body.includes(identity)
        ? `with ${status} and without ${identity}`
        : null;
  if (problem !== null)
    throw new HarnessError(
      'SERVICE_FAILED',
      `instance ${instance.index} answered ${request.method} ${url.slice(instance.url.length)} ${problem}: ${body.slice(0, 200)}`,
      {
        hint: 'the service must answer with the item that was asked for before a run can begin: keys go from 0 up, or from 1 with {key+1}; see its log',
      },
    );
}

/** What an instance tells of itself; null where it has no such route, or answers it with a page of its own. */
async function askProbe(instance: StartedInstance, since: number): Promise<ServiceProbeAnswer | null> {
  const { status, body } = await get(`${instance.url}/cachequake/probe?since=${since}`, 5000, instance.index);
  if (status !== 200) return null;
  try {
    const answer = JSON.parse(body) as Partial<ServiceProbeAnswer> | null;
    return typeof answer?.nowMs === 'number' && answer.stock ? (answer as ServiceProbeAnswer) : null;
  } catch {
    return null;
  }
}

/** Whether all instances tell figures of their own, so that a service which does not is not asked for them in vain. */
export async function tellsFigures(instances: readonly StartedInstance[]): Promise<boolean> {
  const answers = await Promise.all(instances.map((instance) => askProbe(instance, Number.MAX_SAFE_INTEGER)));
  return answers.every((answer) => answer !== null);
}

/** Fills the empty cache where the profile says so. */
export async function prepareCache(plan: RunPlan, instances: readonly StartedInstance[]): Promise<void> {
  if (plan.dataset.preloadKeys === 0) return;
  const url = `${instances[0]!.url}/cachequake/preload`;
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ keys: plan.dataset.preloadKeys }),
    signal: AbortSignal.timeout(60_000),
  });
  if (!response.ok)
    throw new HarnessError(
      'SERVICE_FAILED',
      `filling the cache with ${plan.dataset.preloadKeys} keys failed: ${response.status} ${(await response.text()).slice(0, 200)}`,
    );
  await response.body?.cancel();
}

/**
 * Lets those who act before traffic act on the cache as it is now: the instances started with one that was emptied since.
 * A target that has no such path has nobody to act.
 */
export async function beforeTraffic(instances: readonly StartedInstance[]): Promise<void> {
  await Promise.all(
    instances.map(async ({ url, index }) => {
      const response = await fetch(`${url}/cachequake/before-traffic`, {
        method: 'POST',
        signal: AbortSignal.timeout(60_000),
      });
      await response.body?.cancel();
      if (!response.ok && response.status !== 404)
        throw new HarnessError('SERVICE_FAILED', `instance ${index} could not prepare for traffic: ${response.status}`);
    }),
  );
}

/** Waits until the service has written every accepted order to the database; what is left after that is `pending`. */
export async function drainOrders(instances: readonly StartedInstance[], timeoutMs: number): Promise<number> {
  const until = realClock.nowMs() + timeoutMs;
  for (;;) {
    const pending = await Promise.all(
      instances.map(async (instance) => (await askProbe(instance, Number.MAX_SAFE_INTEGER))?.stock.pendingOrders ?? 0),
    );
    // Instances share one queue, so each tells the same number.
    const most = Math.max(0, ...pending);
    if (most === 0 || realClock.nowMs() > until) return most;
    await realClock.sleep(100);
  }
}

async function get(
  url: string,
  timeoutMs: number,
  index: number,
  init: RequestInit = {},
): Promise<{ status: number; body: string }> {
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(timeoutMs) });
    return { status: response.status, body: await response.text() };
  } catch (cause) {
    throw new HarnessError('SERVICE_FAILED', `instance ${index} does not answer ${url}: ${messageOf(cause)}`, {
      cause,
    });
  }
}

/** A request as the generators send it, for one key. */
export function requestOf(
  baseUrl: string,
  request: RequestTemplate,
  key: number,
  id: string,
): { url: string; init: RequestInit } {
  const filled = (text: string): string => fillRequestText(text, { key, user: 0, id });
  const hasType = Object.keys(request.headers ?? {}).some((name) => name.toLowerCase() === 'content-type');
  const headers = {
    ...request.headers,
    ...(request.body !== undefined && !hasType && { 'content-type': 'application/json' }),
  };
  return {
    url: `${baseUrl}${filled(request.path)}`,
    init: { method: request.method, headers, ...(request.body !== undefined && { body: filled(request.body) }) },
  };
}

/**
 * Sets Redis as the profile wants it; disposing puts back what was there before. A Redis that is restarted in between
 * comes back with its own settings.
 *
 * @param onStep told where a setting could not be put back
 * @throws HarnessError REDIS_FAILED where Redis does not know a setting or does not allow it to be changed
 */
export async function configureRedis(
  redis: Redis | null,
  settings: Readonly<Record<string, string>>,
  onStep: (line: string) => void,
): Promise<AsyncDisposable> {
  if (redis === null) {
    if (Object.keys(settings).length === 0) return { [Symbol.asyncDispose]: () => Promise.resolve() };
    throw new HarnessError('BAD_PLAN', 'the profile sets Redis up, and this run has no Redis of ours');
  }
  const before: [name: string, value: string][] = [];
  const restore = async (): Promise<void> => {
    for (const [name, value] of before.toReversed())
      await redis
        .config('SET', name, value)
        .catch((error: unknown) => onStep(`Redis keeps ${name}: it could not be put back: ${messageOf(error)}`));
  };
  try {
    for (const [name, value] of Object.entries(settings)) {
      const [, old] = await redis.config('GET', name);
      if (old === undefined) throw new Error('there is no such setting');
      await redis.config('SET', name, value);
      before.push([name, old]);
    }
  } catch (cause) {
    await restore();
    const [name, value] = Object.entries(settings)[before.length]!;
    throw new HarnessError('REDIS_FAILED', `Redis cannot be set to ${name}=${value}: ${messageOf(cause)}`, {
      hint: 'a managed Redis may forbid CONFIG SET; use --env local or docker',
      cause,
    });
  }
  return { [Symbol.asyncDispose]: restore };
}
