/**
 * The cache in Redis. Every method is one command, or one script where a condition must hold at the moment of the
 * write, so that what a defence costs can be counted and no other client can step in between.
 */
import { Redis } from 'ioredis';
import { z } from 'zod';
import { defineStore } from '../../harness/contract/store-kind.ts';
import { type EntryCodec, jsonCodec } from './_codec.ts';
import { codecFor, compressionParameters } from './_compressing.ts';
import { subscribeTo } from './_redis-subscription.ts';
import { trackWrites } from './_redis-tracking.ts';
import { STORE_CAPABILITIES } from '../../harness/contract/store.ts';
import type { Entry, LeaseAnswer, SetOptions, Store } from '../../harness/contract/store.ts';

/** Longest pause between two attempts to connect, ms: a healed cache is used again within this time. */
const MAX_RECONNECT_MS = 250;

/**
 * A client with the settings that a service needs while its cache is being broken: commands fail fast instead of
 * queueing, nothing is sent twice, a silent connection is given up, and no error event ends the process.
 *
 * @param url `redis://host:port`
 * @param timeoutMs time limit of one command
 */
export function createRedisClient(url: string, timeoutMs: number): Redis {
  const client = new Redis(url, {
    commandTimeout: timeoutMs,
    connectTimeout: Math.max(500, 2 * timeoutMs),
    // Replies are matched by order: a connection that lost some must be closed, not waited for.
    socketTimeout: Math.max(1000, 4 * timeoutMs),
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (attempt) => Math.min(MAX_RECONNECT_MS, 25 * attempt),
    disableClientInfo: true,
  });
  // Every failed command rejects by itself; without a listener the same error would be thrown at the process.
  client.on('error', () => {});
  return client;
}

/**
 * KEYS entry, lock, lease. ARGV encoded entry, keepMs, lock token, ifAbsent, version for ifNewer, time for
 * ifExpiredAtMs, lease token; an empty argument is no condition. Version and end of the TTL stand at the front of an
 * encoded entry; a tombstone is a version alone.
 */
const SET_LUA = `
if ARGV[3] ~= '' and redis.call('GET', KEYS[2]) ~= ARGV[3] then return 0 end
if ARGV[7] ~= '' and redis.call('GET', KEYS[3]) ~= ARGV[7] then return 0 end
if ARGV[4] ~= '' or ARGV[5] ~= '' or ARGV[6] ~= '' then
  local there = redis.call('GET', KEYS[1])
  local tombstone = there and string.match(there, '^%[(%d+)%]$')
  if tombstone then
    if ARGV[5] ~= '' and tonumber(tombstone) >= tonumber(ARGV[5]) then return 0 end
  elseif there then
    if ARGV[4] ~= '' then return 0 end
    local version, expires = string.match(there, '^%[([^,]+),([^,]+),')
    if version and ARGV[5] ~= '' and tonumber(version) >= tonumber(ARGV[5]) then return 0 end
    if version and ARGV[6] ~= '' and tonumber(expires) > tonumber(ARGV[6]) then return 0 end
  end
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
if ARGV[7] ~= '' then redis.call('DEL', KEYS[3]) end
return 1`;

/**
 * KEYS entry, lease. ARGV token, leaseMs, now. Gives the encoded entry or '', and 1 where the lease was handed out. The
 * server's own clock ends the lease; the caller's time only says what is still fresh.
 */
const LEASE_LUA = `
local there = redis.call('GET', KEYS[1])
local expires = there and string.match(there, '^%[[^,]+,([^,]+),')
if expires and tonumber(expires) > tonumber(ARGV[3]) then return {there, 0} end
local granted = redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2], 'NX')
return {there or '', granted and 1 or 0}`;

/** KEYS entry, lock, lease. ARGV version, keepMs. The version that is left never falls below one that was there. */
const BURY_LUA = `
redis.call('DEL', KEYS[2], KEYS[3])
local there = redis.call('GET', KEYS[1])
local version = there and string.match(there, '^%[(%d+)[,%]]')
if not version or tonumber(version) < tonumber(ARGV[1]) then version = ARGV[1] end
redis.call('SET', KEYS[1], '[' .. version .. ']', 'PX', ARGV[2])
return 1`;

const UNLOCK_LUA = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])`;

type LeaseScript<B> = (
  entry: string,
  lease: string,
  token: string,
  leaseMs: number,
  nowMs: number,
) => Promise<[B, number]>;

interface Scripts {
  cachequakeSet(entry: string, lock: string, lease: string, ...args: (string | Buffer | number)[]): Promise<number>;
  cachequakeLease: LeaseScript<string>;
  /** The same script with its answer as bytes. */
  cachequakeLeaseBuffer: LeaseScript<Buffer>;
  cachequakeBury(entry: string, lock: string, lease: string, version: number, keepMs: number): Promise<number>;
  cachequakeUnlock(lockOrLease: string, token: string): Promise<number>;
}

/** Redis takes whole milliseconds of at least 1. */
const wholeMs = (ms: number): number => Math.max(1, Math.ceil(ms));

/**
 * A store on an ioredis client. Time limits and reconnection are the client's: see {@link createRedisClient}.
 *
 * @param options `prefix` of all keys, default `cachequake:`; entries are `<prefix>entry:<key>`, locks
 *   `<prefix>lock:<key>`, leases `<prefix>lease:<key>`; announcements go to the channel `<prefix>changed`. `codec` makes
 *   bytes of entries, by default JSON
 */
export function createRedisStore(redis: Redis, options: { prefix?: string; codec?: EntryCodec } = {}): Store {
  const codec = options.codec ?? jsonCodec;
  const prefix = options.prefix ?? 'cachequake:';
  const entryKey = (key: string): string => `${prefix}entry:${key}`;
  const lockKey = (key: string): string => `${prefix}lock:${key}`;
  const leaseKey = (key: string): string => `${prefix}lease:${key}`;
  const channel = `${prefix}changed`;
  redis.defineCommand('cachequakeSet', { numberOfKeys: 3, lua: SET_LUA });
  redis.defineCommand('cachequakeLease', { numberOfKeys: 2, lua: LEASE_LUA });
  redis.defineCommand('cachequakeBury', { numberOfKeys: 3, lua: BURY_LUA });
  redis.defineCommand('cachequakeUnlock', { numberOfKeys: 1, lua: UNLOCK_LUA });
  const scripts = redis as unknown as Scripts;

  async function decode<T>(bytes: string | Buffer | null): Promise<Entry<T> | null> {
    return bytes === null || bytes.length === 0 ? null : codec.decode<T>(bytes);
  }

  async function conditionalSet(entry: Entry<unknown>, set: SetOptions): Promise<boolean> {
    const stored = await scripts.cachequakeSet(
      entryKey(entry.key),
      lockKey(entry.key),
      leaseKey(entry.key),
      await codec.encode(entry),
      wholeMs(set.keepMs),
      set.whileLockToken ?? '',
      set.ifAbsent ? '1' : '',
      // Versions are whole numbers: not older than this one is newer than the one before it.
      set.ifNewer ? entry.version : set.ifNotOlder ? entry.version + 1 : '',
      set.ifExpiredAtMs ?? '',
      set.whileLeaseToken ?? '',
    );
    return stored === 1;
  }

  return {
    id: 'redis',
    capabilities: new Set(STORE_CAPABILITIES),
    async get<T>(key: string) {
      return decode<T>(await (codec.binary ? redis.getBuffer(entryKey(key)) : redis.get(entryKey(key))));
    },
    async set(entry, set) {
      const { ifAbsent, ifNewer, ifNotOlder, whileLockToken, whileLeaseToken, ifExpiredAtMs } = set;
      if (ifAbsent || ifNewer || ifNotOlder || (whileLockToken ?? whileLeaseToken ?? ifExpiredAtMs) !== undefined)
        return conditionalSet(entry, set);
      const bytes = await codec.encode(entry);
      return (await redis.set(entryKey(entry.key), bytes, 'PX', wholeMs(set.keepMs))) === 'OK';
    },
    async delete(key, { tombstone } = {}) {
      if (tombstone === undefined) await redis.del(entryKey(key), lockKey(key), leaseKey(key));
      else
        await scripts.cachequakeBury(
          entryKey(key),
          lockKey(key),
          leaseKey(key),
          tombstone.version,
          wholeMs(tombstone.keepMs),
        );
    },
    async lock(key, token, ttlMs) {
      return (await redis.set(lockKey(key), token, 'PX', wholeMs(ttlMs), 'NX')) === 'OK';
    },
    async unlock(key, token) {
      return (await scripts.cachequakeUnlock(lockKey(key), token)) === 1;
    },
    async lease<T>(key: string, token: string, leaseMs: number, nowMs: number): Promise<LeaseAnswer<T>> {
      const args = [entryKey(key), leaseKey(key), token, wholeMs(leaseMs), nowMs] as const;
      const [bytes, granted] = await (codec.binary
        ? scripts.cachequakeLeaseBuffer(...args)
        : scripts.cachequakeLease(...args));
      return { entry: await decode<T>(bytes), granted: granted === 1 };
    },
    // The script only compares and deletes: what it is given is the key of a lock or of a lease.
    async endLease(key, token) {
      return (await scripts.cachequakeUnlock(leaseKey(key), token)) === 1;
    },
    subscribe: (listener) => subscribeTo(redis, channel, listener),
    async announce(key) {
      await redis.publish(channel, key);
    },
    track: (listener) => trackWrites(redis, entryKey(''), listener),
  };
}

export default defineStore({
  id: 'redis',
  title: 'One Redis',
  prose:
    'All instances share one Redis server: one place to invalidate, one lock per key, and one thing that can fail. ' +
    'Values live as long as memory lasts; what is evicted first is decided by its policy. Large values may be compressed: fewer bytes on the ' +
    'wire and in memory, for processor time in every instance.',
  source: 'Redis documentation, client-side patterns and key eviction.',
  capabilities: new Set(STORE_CAPABILITIES),
  parameters: z.object(compressionParameters),
  open: ({ redis, parameters }) =>
    Promise.resolve({
      store: createRedisStore(redis, { codec: codecFor(parameters) }),
      close: () => Promise.resolve(),
    }),
});
