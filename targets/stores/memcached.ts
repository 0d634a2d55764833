/**
 * The cache in Memcached. It has no scripts: what Redis decides inside one script is decided here from what was read,
 * and written with compare-and-set, so that no other client can have stepped in between. Its TTLs are whole seconds, so
 * every item carries its own end in milliseconds and is taken as gone from then on.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Entry, LeaseAnswer, SetOptions, Store, StoreCapability } from '../../harness/contract/store.ts';
import { defineStore } from '../../harness/contract/store-kind.ts';
import type { Clock } from '../../harness/contract/time.ts';
import { jsonCodec } from './_codec.ts';
import { createMemcachedClient, type MemcachedClient, type MemcachedItem } from './_memcached-client.ts';
import { addressOf } from './_server-clients.ts';

const CAPABILITIES: ReadonlySet<StoreCapability> = new Set([
  'get',
  'set',
  'delete',
  'lock',
  'lease',
  'tombstone',
  'not-older',
]);

/** A TTL above this is taken by Memcached as a time since 1970. */
const LONGEST_TTL_SEC = 30 * 86_400;
/** How often a compare-and-set that lost to somebody else is tried again. */
const ATTEMPTS = 20;
/** How long an empty item stands where a guarded set found nothing: only between its read and its write. */
const PLACEHOLDER_SEC = 2;

/** What an item says: its end, an entry or the version that a delete left, and the end of the lease behind it. */
interface There {
  item: MemcachedItem | null;
  text: string | null;
  tombstone: number | null;
  leaseUntilMs: number;
}

interface Lease {
  key: string;
  /** The recache token: only who still finds this cas may fill. */
  cas: string;
  untilMs: number;
  /** Nothing was there: the item is empty, and made for this lease. */
  placeholder: boolean;
}

const SAFE_KEY = /^[\u0021-\u007e]{1,200}$/;
const nameOf = (kind: 'e' | 'l', key: string): string =>
  `cq:${kind}:${SAFE_KEY.test(key) ? key : `#${createHash('sha256').update(key).digest('hex')}`}`;

/** Lines: end in epoch ms, entry as JSON or `[version]` of a tombstone, and ends of leases, of which the last counts. */
function read(item: MemcachedItem | null, nowMs: number): There {
  const nothing: There = { item, text: null, tombstone: null, leaseUntilMs: 0 };
  if (item === null || item.value === '') return nothing;
  const [until, text = '', ...leases] = item.value.split('\n');
  const leaseUntilMs = Number(leases.at(-1) ?? 0);
  if (Number(until) <= nowMs) return { ...nothing, leaseUntilMs };
  const tombstone = /^\[(\d+)\]$/.exec(text)?.[1];
  return tombstone === undefined
    ? { item, text, tombstone: null, leaseUntilMs }
    : { item, text: null, tombstone: Number(tombstone), leaseUntilMs };
}

async function entryIn<T>({ text }: There): Promise<Entry<T> | null> {
  return text === null ? null : jsonCodec.decode<T>(text);
}

async function allows(set: SetOptions, entry: Entry<unknown>, there: There): Promise<boolean> {
  const { ifAbsent, ifNewer, ifNotOlder, ifExpiredAtMs } = set;
  if (ifNewer && (there.tombstone ?? -1) >= entry.version) return false;
  if (ifNotOlder && (there.tombstone ?? -1) > entry.version) return false;
  const before = await entryIn(there);
  if (before === null) return true;
  if (ifAbsent) return false;
  if (ifNewer && before.version >= entry.version) return false;
  if (ifNotOlder && before.version > entry.version) return false;
  return ifExpiredAtMs === undefined || before.expiresAtMs <= ifExpiredAtMs;
}

/**
 * A store on Memcached. Several processes may use one server; their clocks judge TTLs and locks, and must agree.
 */
export function createMemcachedStore(client: MemcachedClient, clock: Clock): Store {
  /** Leases that this process holds, by token, in the order of their grants. */
  const leases = new Map<string, Lease>();

  /** Whole seconds, never early: the server's clock ticks once a second. */
  function ttlSec(ms: number): number {
    const seconds = Math.ceil(ms / 1000) + 1;
    return seconds <= LONGEST_TTL_SEC ? seconds : Math.ceil(clock.nowMs() / 1000) + seconds;
  }

  const itemOf = (text: string, keepMs: number): string => `${clock.nowMs() + keepMs}\n${text}`;

  /** Reads, decides and writes until nobody has stepped in between. `decide` gives the text to store, or null. */
  async function change(
    key: string,
    keepMs: number,
    decide: (there: There) => Promise<string | null>,
    lockToken?: string,
  ): Promise<boolean> {
    const name = nameOf('e', key);
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      // The entry first, then the lock: a delete takes the lock first, so that one of the two looks sees it. Where
      // nothing is there an empty item is made, so that also then a delete changes the cas.
      const [item, holder] = await Promise.all([
        client.get(name, lockToken === undefined ? {} : { vivifySec: PLACEHOLDER_SEC }),
        lockToken === undefined ? null : lockHolder(key),
      ]);
      const there = read(item, clock.nowMs());
      const held = lockToken === undefined || holder?.token === lockToken;
      const text = held ? await decide(there) : null;
      if (text === null) {
        if (item?.won) await client.delete(name, { cas: item.cas });
        return false;
      }
      const guard = item === null ? { mode: 'add' as const } : { cas: item.cas };
      if ((await client.set(name, itemOf(text, keepMs), { ttlSec: ttlSec(keepMs), ...guard })) !== null) return true;
    }
    throw new Error(`memcached: '${key}' was changed by others ${ATTEMPTS} times in a row`);
  }

  async function lockHolder(key: string): Promise<{ token: string; cas: string; ended: boolean } | null> {
    const item = await client.get(nameOf('l', key));
    if (item === null) return null;
    const [until, ...token] = item.value.split(' ');
    const ended = Number(until) <= clock.nowMs();
    return { token: ended ? '' : token.join(' '), cas: item.cas, ended };
  }

  /** The lease of this token, where it has not ended. */
  function heldLease(key: string, token: string): Lease | null {
    const lease = leases.get(token);
    return lease !== undefined && lease.key === key && clock.nowMs() < lease.untilMs ? lease : null;
  }

  function grant(key: string, token: string, leaseMs: number, cas: string, placeholder: boolean): void {
    const nowMs = clock.nowMs();
    for (const [old, { untilMs }] of leases) {
      if (untilMs > nowMs) break;
      leases.delete(old);
    }
    leases.set(token, { key, cas, untilMs: nowMs + leaseMs, placeholder });
  }

  async function fill(entry: Entry<unknown>, set: SetOptions, token: string): Promise<boolean> {
    const lease = heldLease(entry.key, token);
    if (lease === null) return false;
    const name = nameOf('e', entry.key);
    if (set.whileLockToken !== undefined && (await lockHolder(entry.key))?.token !== set.whileLockToken) return false;
    if (set.ifAbsent || set.ifNewer || set.ifNotOlder || set.ifExpiredAtMs !== undefined) {
      const there = read(await client.get(name), clock.nowMs());
      if (!(await allows(set, entry, there))) return false;
    }
    const bytes = itemOf(String(await jsonCodec.encode(entry)), set.keepMs);
    const stored = await client.set(name, bytes, { ttlSec: ttlSec(set.keepMs), cas: lease.cas });
    leases.delete(token);
    return stored !== null;
  }

  return {
    id: 'memcached',
    capabilities: CAPABILITIES,
    async get<T>(key: string) {
      return entryIn<T>(read(await client.get(nameOf('e', key)), clock.nowMs()));
    },
    async set(entry, set) {
      if (set.whileLeaseToken !== undefined) return fill(entry, set, set.whileLeaseToken);
      const text = String(await jsonCodec.encode(entry));
      const { ifAbsent, ifNewer, ifNotOlder, ifExpiredAtMs, whileLockToken, keepMs } = set;
      if (ifAbsent || ifNewer || ifNotOlder || ifExpiredAtMs !== undefined || whileLockToken !== undefined)
        return change(
          entry.key,
          keepMs,
          async (there) => ((await allows(set, entry, there)) ? text : null),
          whileLockToken,
        );
      const options = { ttlSec: ttlSec(keepMs) };
      return (await client.set(nameOf('e', entry.key), itemOf(text, keepMs), options)) !== null;
    },
    async delete(key, { tombstone } = {}) {
      // In this order, on one connection: see `change`.
      const unlocked = client.delete(nameOf('l', key));
      if (tombstone === undefined) {
        await Promise.all([unlocked, client.delete(nameOf('e', key))]);
        return;
      }
      await unlocked;
      await change(key, tombstone.keepMs, async (there) => {
        const before = Math.max(there.tombstone ?? 0, (await entryIn(there))?.version ?? 0);
        return `[${Math.max(before, tombstone.version)}]`;
      });
    },
    async lock(key, token, ttlMs) {
      const name = nameOf('l', key);
      const value = `${clock.nowMs() + ttlMs} ${token}`;
      const options = { ttlSec: ttlSec(ttlMs) };
      if ((await client.set(name, value, { ...options, mode: 'add' })) !== null) return true;
      const holder = await lockHolder(key);
      // Its time is over, and the server has not noticed yet.
      return holder?.ended === true && (await client.set(name, value, { ...options, cas: holder.cas })) !== null;
    },
    async unlock(key, token) {
      const holder = await lockHolder(key);
      return holder !== null && holder.token === token && client.delete(nameOf('l', key), { cas: holder.cas });
    },
    async lease<T>(key: string, token: string, leaseMs: number, nowMs: number): Promise<LeaseAnswer<T>> {
      const name = nameOf('e', key);
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const item = await client.get(name, { vivifySec: ttlSec(leaseMs) });
        if (item === null) continue;
        if (item.value === '') {
          if (item.won) grant(key, token, leaseMs, item.cas, true);
          return { entry: null, granted: item.won };
        }
        const there = read(item, clock.nowMs());
        const entry = await entryIn<T>(there);
        if ((entry !== null && nowMs < entry.expiresAtMs) || clock.nowMs() < there.leaseUntilMs)
          return { entry, granted: false };
        // Memcached has no lease on what is there for less than a second: its end is written behind the entry.
        const untilMs = clock.nowMs() + leaseMs;
        const cas = await client.set(name, `\n${untilMs}`, { ttlSec: 0, mode: 'append', cas: item.cas });
        if (cas === null) continue;
        grant(key, token, leaseMs, cas, false);
        return { entry, granted: true };
      }
      throw new Error(`memcached: '${key}' was changed by others ${ATTEMPTS} times in a row`);
    },
    async endLease(key, token) {
      const lease = heldLease(key, token);
      leases.delete(token);
      if (lease === null) return false;
      const name = nameOf('e', key);
      if (lease.placeholder) return client.delete(name, { cas: lease.cas });
      return (await client.set(name, '\n0', { ttlSec: 0, mode: 'append', cas: lease.cas })) !== null;
    },
  };
}

export default defineStore({
  id: 'memcached',
  title: 'Memcached, with its own leases',
  prose:
    'All instances share one Memcached, spoken to in its meta commands. A miss makes an empty item and tells exactly one ' +
    'reader that it may fill it (flags N, W and Z): a lease without a script; the cas token is the recache token, so that ' +
    'a delete voids it. Several threads serve one server, which Redis does not do. It has no messages, so that tiers in ' +
    'memory cannot be told of changes and are refused, no persistence, values up to 1 MB, and TTLs in whole seconds: the ' +
    'lease of a holder who died on a missing key ends up to two seconds late. It evicts by LRU within size classes when ' +
    'full, locks and tombstones too. TTLs and locks are judged by the clocks of the instances.',
  source:
    'Memcached, doc/protocol.txt, Meta Commands; leases after Nishtala et al., Scaling Memcache at Facebook, NSDI 2013.',
  capabilities: CAPABILITIES,
  parameters: z.object({}),
  servers: () => [{ name: 'memcached', kind: 'memcached' }],
  async open({ servers, timeoutMs, clock }) {
    const client = createMemcachedClient(addressOf(servers, 'memcached'), timeoutMs);
    await client.connected();
    return {
      store: createMemcachedStore(client, clock),
      close: () => {
        client.close();
        return Promise.resolve();
      },
    };
  },
});
