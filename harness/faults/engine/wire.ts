/**
 * What the faults on the wire share: a toxic or a cut on every proxy of one dependency, taken back as data, and the
 * evidence that it touched live connections. The embedded server counts connections; Shopify's does not, so there the
 * state that it lists and Redis's own list of clients stand in.
 */
import type { ToxicSpec } from '../../contract/environment.ts';
import { HarnessError, messageOf } from '../../contract/errors.ts';
import type { FaultConfirmation, FaultContext, UndoStep } from '../../contract/fault.ts';

/** What was seen before an injection, to be compared with afterwards. */
interface Baseline {
  /** Connections touched so far, of all proxies; null where the server does not count them. */
  affected: number | null;
  /** Ids of the clients that Redis knew. */
  clientIds: ReadonlySet<string>;
}

/** By context: `runFaults` makes one for each injection. */
const baselines = new WeakMap<FaultContext, Baseline>();

const LISTED_TIMEOUT_MS = 2_000;

/** Names of the proxies that stand before Redis. Throws `FAULT_FAILED` where there is none. */
export function redisProxies(context: FaultContext): string[] {
  const names = context.stack.proxies.filter((proxy) => proxy.dependency === 'redis').map((proxy) => proxy.name);
  if (names.length === 0)
    throw new HarnessError('FAULT_FAILED', 'no proxy stands between the service and Redis', {
      hint: 'faults on the wire need the proxies of the docker or local environment, or --toxiproxy-url',
    });
  return names;
}

/** The steps that take a toxic from every Redis proxy again. */
export function undoToxic(context: FaultContext, toxic: string): UndoStep[] {
  const { url } = context.stack.toxiproxy;
  return redisProxies(context).map((proxy) => ({ do: 'remove-toxic', toxiproxyUrl: url, proxy, toxic }));
}

/** The steps that enable every Redis proxy again. */
export function undoCut(context: FaultContext): UndoStep[] {
  const { url } = context.stack.toxiproxy;
  return redisProxies(context).map((proxy) => ({ do: 'enable-proxy', toxiproxyUrl: url, proxy }));
}

/** Puts one toxic on every Redis proxy at once, after noting what was touched before. */
export async function injectToxic(context: FaultContext, toxic: ToxicSpec): Promise<void> {
  baselines.set(context, await lookBefore(context));
  await Promise.all(redisProxies(context).map((proxy) => context.stack.toxiproxy.addToxic(proxy, toxic)));
}

/** Disables every Redis proxy at once, after noting what was there before. */
export async function injectCut(context: FaultContext): Promise<void> {
  baselines.set(context, await lookBefore(context));
  await Promise.all(redisProxies(context).map((proxy) => context.stack.toxiproxy.setEnabled(proxy, false)));
}

/**
 * Confirms a toxic: listed on every proxy, and connections were touched by it. Where the server does not count
 * connections, being listed is all the evidence there is, and the words say so.
 *
 * @param what the effect in words, for example "delayed by 200 ms"
 */
export async function confirmToxic(context: FaultContext, toxic: string, what: string): Promise<FaultConfirmation> {
  const states = await listedStates(context);
  const missing = states.filter((state) => !state.toxics.includes(toxic)).map((state) => state.name);
  if (missing.length > 0) return { active: false, evidence: `toxic ${toxic} is not listed on ${missing.join(', ')}` };
  const connections = await countConnections(context);
  const before = baselines.get(context)?.affected ?? null;
  if (connections === null || before === null)
    return {
      active: true,
      evidence: `toxic ${toxic} is listed on ${names(states)}; this Toxiproxy does not count the connections it touched`,
    };
  const touched = connections.affected - before;
  if (touched > 0) return { active: true, evidence: `${count(touched, 'connection')} ${what} on ${names(states)}` };
  // The server counts a connection once, whatever has touched it: one that an earlier fault touched is not counted anew.
  if (before > 0 && connections.open > 0)
    return {
      active: true,
      evidence: `toxic ${toxic} is listed on ${names(states)}; ${count(connections.open, 'open connection')}, which an earlier fault had touched before`,
    };
  return { active: false, evidence: `toxic ${toxic} is listed on ${names(states)}, but no connection was touched` };
}

/** Confirms a cut: every proxy is listed as disabled, and connections were closed by it. */
export async function confirmCut(context: FaultContext): Promise<FaultConfirmation> {
  const states = await listedStates(context);
  const open = states.filter((state) => state.enabled).map((state) => state.name);
  if (open.length > 0) return { active: false, evidence: `${open.join(', ')} still carries traffic` };
  const before = baselines.get(context)?.affected ?? 0;
  const touched = ((await countConnections(context))?.affected ?? before) - before;
  // Redis's own list of clients also shows those that an earlier fault had touched, and speaks where nothing counts.
  const cut = Math.max(touched, await clientsGone(context));
  return {
    active: cut > 0,
    evidence:
      cut > 0
        ? `${count(cut, 'connection')} cut; ${names(states)} refuses new ones`
        : `${names(states)} is disabled, but no connection was there to be cut`,
  };
}

interface ListedState {
  name: string;
  enabled: boolean;
  toxics: string[];
}

/** What the Toxiproxy server itself lists for the Redis proxies. */
async function listedStates(context: FaultContext): Promise<ListedState[]> {
  return Promise.all(
    redisProxies(context).map(async (name) => {
      const address = `${context.stack.toxiproxy.url}/proxies/${encodeURIComponent(name)}`;
      const answer = await fetch(address, { signal: AbortSignal.timeout(LISTED_TIMEOUT_MS) }).catch(
        (cause: unknown) => {
          throw new HarnessError('PROXY_FAILED', `Toxiproxy does not answer: ${messageOf(cause)}`, { cause });
        },
      );
      if (!answer.ok) throw new HarnessError('PROXY_FAILED', `proxy ${name}: ${(await answer.text()).trim()}`);
      const state = (await answer.json()) as { enabled: boolean; toxics?: { name: string }[] };
      return { name, enabled: state.enabled, toxics: (state.toxics ?? []).map((toxic) => toxic.name) };
    }),
  );
}

async function lookBefore(context: FaultContext): Promise<Baseline> {
  const [connections, clientIds] = await Promise.all([countConnections(context), redisClientIds(context)]);
  return { affected: connections?.affected ?? null, clientIds };
}

/** Connections of all Redis proxies; null where the server does not count them. */
async function countConnections(context: FaultContext): Promise<{ open: number; affected: number } | null> {
  const sum = { open: 0, affected: 0 };
  for (const proxy of redisProxies(context)) {
    const connections = await context.stack.toxiproxy.connections(proxy);
    if (connections === null) return null;
    sum.open += connections.open;
    sum.affected += connections.affected;
  }
  return sum;
}

/** How many of the clients that Redis knew before the injection are gone. Ours are direct, and stay. */
async function clientsGone(context: FaultContext): Promise<number> {
  const now = await redisClientIds(context);
  return [...(baselines.get(context)?.clientIds ?? [])].filter((id) => !now.has(id)).length;
}

async function redisClientIds(context: FaultContext): Promise<Set<string>> {
  const list = (await context.redis.client('LIST')) as string;
  return new Set(Array.from(list.matchAll(/^id=(\d+) /gm), (match) => match[1]!));
}

function names(states: readonly ListedState[]): string {
  return states.map((state) => state.name).join(', ');
}

/** `1 connection`, `4 connections`. */
export function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`;
}
