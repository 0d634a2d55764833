/**
 * The cache in Redis. Every method is one command, or one script where a condition must hold at the moment of the
 * write, so that what a defence costs can be counted and no other client can step in between.
 */
import { Redis } from 'ioredis';
import type { Entry, SetOptions, Store } from '../../harness/contract/store.ts';

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
 * KEYS entry, lock. ARGV encoded entry, keepMs, token, ifAbsent, version for ifNewer, time for ifExpiredAtMs; an empty
 * argument is no condition. Version and end of the TTL stand at the front of an encoded entry.
 */
const SET_LUA = `
if ARGV[3] ~= '' and redis.call('GET', KEYS[2]) ~= ARGV[3] then return 0 end
if ARGV[4] ~= '' or ARGV[5] ~= '' or ARGV[6] ~= '' then
  local there = redis.call('GET', KEYS[1])
  if there then
    if ARGV[4] ~= '' then return 0 end
    local version, expires = string.match(there, '^%[([^,]+),([^,]+),')
    if version and ARGV[5] ~= '' and tonumber(version) >= tonumber(ARGV[5]) then return 0 end
    if version and ARGV[6] ~= '' and tonumber(expires) > tonumber(ARGV[6]) then return 0 end
  end
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1`;

const UNLOCK_LUA = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])`;

interface Scripts {
  cachequakeSet(entry: string, lock: string, ...args: (string | number)[]): Promise<number>;
  cachequakeUnlock(lock: string, token: string): Promise<number>;
}

type Encoded = [
  version: number,
  expiresAtMs: number,
  storedAtMs: number,
  recomputeMs: number,
  key: string,
  value: unknown,
];

function encode(entry: Entry<unknown>): string {
  const { version, expiresAtMs, storedAtMs, recomputeMs, key, value } = entry;
  return JSON.stringify([version, expiresAtMs, storedAtMs, recomputeMs, key, value] satisfies Encoded);
}

/** What does not decode is as good as nothing: it is loaded again and overwritten. */
function decode<T>(text: string | null): Entry<T> | null {
  if (text === null) return null;
  let fields: unknown;
  try {
    fields = JSON.parse(text);
  } catch {
    return null;
  }
  if (!Array.isArray(fields) || fields.length !== 6) return null;
  const [version, expiresAtMs, storedAtMs, recomputeMs, key, value] = fields as Encoded;
  return { version, expiresAtMs, storedAtMs, recomputeMs, key, value: value as T };
}

/** Redis takes whole milliseconds of at least 1. */
const wholeMs = (ms: number): number => Math.max(1, Math.ceil(ms));

/**
 * A store on an ioredis client. Time limits and reconnection are the client's: see {@link createRedisClient}.
 *
 * @param options `prefix` of all keys, default `cachequake:`; entries are `<prefix>entry:<key>`, locks
 *   `<prefix>lock:<key>`
 */
export function createRedisStore(redis: Redis, options: { prefix?: string } = {}): Store {
  const prefix = options.prefix ?? 'cachequake:';
  const entryKey = (key: string): string => `${prefix}entry:${key}`;
  const lockKey = (key: string): string => `${prefix}lock:${key}`;
  redis.defineCommand('cachequakeSet', { numberOfKeys: 2, lua: SET_LUA });
  redis.defineCommand('cachequakeUnlock', { numberOfKeys: 1, lua: UNLOCK_LUA });
  const scripts = redis as unknown as Scripts;

  async function conditionalSet(entry: Entry<unknown>, set: SetOptions): Promise<boolean> {
    const stored = await scripts.cachequakeSet(
      entryKey(entry.key),
      lockKey(entry.key),
      encode(entry),
      wholeMs(set.keepMs),
      set.whileLockToken ?? '',
      set.ifAbsent ? '1' : '',
      set.ifNewer ? entry.version : '',
      set.ifExpiredAtMs ?? '',
    );
    return stored === 1;
  }

  return {
    id: 'redis',
    capabilities: new Set(['get', 'set', 'delete', 'lock'] as const),
    async get<T>(key: string) {
      return decode<T>(await redis.get(entryKey(key)));
    },
    async set(entry, set) {
      if (set.ifAbsent || set.ifNewer || set.whileLockToken !== undefined || set.ifExpiredAtMs !== undefined)
        return conditionalSet(entry, set);
      return (await redis.set(entryKey(entry.key), encode(entry), 'PX', wholeMs(set.keepMs))) === 'OK';
    },
    async delete(key) {
      await redis.del(entryKey(key), lockKey(key));
    },
    async lock(key, token, ttlMs) {
      return (await redis.set(lockKey(key), token, 'PX', wholeMs(ttlMs), 'NX')) === 'OK';
    },
    async unlock(key, token) {
      return (await scripts.cachequakeUnlock(lockKey(key), token)) === 1;
    },
  };
}
