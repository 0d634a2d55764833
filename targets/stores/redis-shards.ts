/**
 * Keys spread over several Redis servers, by modulo or on a ring. Each key's entry, lock and lease are on one shard, so
 * that scripts still hold; messages go over the one Redis that all share. How many shards there are stands in a key
 * of that Redis, which every instance looks at: that is how shards come and go while requests are served.
 */
import type { Redis } from 'ioredis';
import { z } from 'zod';
import { RESHARD_APPLIED_KEY, RESHARD_KEY, type ReshardApplied } from '../../harness/contract/reshard.ts';
import { STORE_CAPABILITIES } from '../../harness/contract/store.ts';
import type { InvalidationListener, Store, Subscription } from '../../harness/contract/store.ts';
import { defineStore } from '../../harness/contract/store-kind.ts';
import type { EntryCodec } from './_codec.ts';
import { codecFor, compressionParameters } from './_compressing.ts';
import { movedShare, type Placement, type PlacementRule, PLACEMENTS, placementOn } from './_placement.ts';
import { openRedisClients } from './_server-clients.ts';
import { createRedisStore } from './redis.ts';

/** How often an instance looks whether the number of shards has changed, ms. */
const LOOK_MS = 50;

interface ShardOptions {
  rule: PlacementRule;
  /** Of each shard on the ring. */
  points: number;
  /** Names of all servers, those that are not in use yet included. */
  names: readonly string[];
  /** How many of them hold keys at first. */
  active: number;
  prefix?: string;
  codec?: EntryCodec;
}

export interface ShardStore extends Store {
  /** How many shards hold keys now. */
  readonly active: number;
  /** Places keys on the first so many servers from now on; gives the share of keys that moved, 0 to 1. */
  reshard(active: number): number;
}

/** A listener to several servers: all must be heard for nothing to be missed. */
async function trackAll(stores: readonly Store[], listener: InvalidationListener): Promise<Subscription> {
  const away = new Set<number>();
  const settled = await Promise.allSettled(
    stores.map((store, index) =>
      store.track!({
        invalidated: (key) => listener.invalidated(key),
        lost: () => {
          away.add(index);
          listener.lost();
        },
        restored: () => {
          away.delete(index);
          if (away.size === 0) listener.restored?.();
        },
      }),
    ),
  );
  const subscriptions = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const close = async (): Promise<void> => {
    await Promise.all(subscriptions.map((one) => one.close()));
  };
  const failed = settled.find((one) => one.status === 'rejected');
  if (failed) {
    await close();
    throw failed.reason;
  }
  return { close };
}

/**
 * A store over several servers. A shard that is away takes its own keys with it and no others.
 *
 * @param main carries messages
 * @param shards clients in the order of `names`
 */
export function createShardStore(main: Redis, shards: readonly Redis[], options: ShardOptions): ShardStore {
  const stores = shards.map((redis) => createRedisStore(redis, options));
  const messages = createRedisStore(main, options);
  const place = (active: number): Placement =>
    placementOn(options.rule, options.names.slice(0, active), options.points);
  let active = options.active;
  let placement = place(active);
  const of = (key: string): Store => stores[placement(key)]!;
  return {
    id: 'redis-shards',
    capabilities: new Set(STORE_CAPABILITIES),
    get: (key) => of(key).get(key),
    set: (entry, set) => of(entry.key).set(entry, set),
    delete: (key, how) => of(key).delete(key, how),
    lock: (key, token, ttlMs) => of(key).lock(key, token, ttlMs),
    unlock: (key, token) => of(key).unlock(key, token),
    lease: (key, token, leaseMs, nowMs) => of(key).lease!(key, token, leaseMs, nowMs),
    endLease: (key, token) => of(key).endLease!(key, token),
    subscribe: (listener) => messages.subscribe!(listener),
    announce: (key) => messages.announce!(key),
    track: (listener) => trackAll(stores, listener),
    get active() {
      return active;
    },
    reshard(next) {
      const after = place(next);
      const moved = movedShare(placement, after);
      active = next;
      placement = after;
      return moved;
    },
  };
}

const namesOf = (p: { shards: number; spares: number }): string[] =>
  Array.from({ length: p.shards + p.spares }, (_, i) => `shard-${i + 1}`);

export default defineStore({
  id: 'redis-shards',
  title: 'Redis in shards',
  prose:
    'Each key lives on one of several Redis servers. By modulo (hash of the key mod number of shards) nearly every key ' +
    'has another place once a shard comes or goes: n/(n+1) of them miss at once. On a ring with virtual nodes ' +
    '(consistent) it is 1/(n+1). A shard that dies takes its own keys with it and no others. Helps where one server has ' +
    'not memory or processor enough; a single hot key is still on one shard. Two dangers of moving: a lock that is held ' +
    'on the old shard does not protect on the new one, and a shard that is taken away and comes back, or a key that ' +
    'moves back, brings old values that no invalidation has reached.',
  source:
    'D. Karger et al., Consistent Hashing and Random Trees, STOC 1997; many points per server as in ketama (Last.fm, 2007).',
  capabilities: new Set(STORE_CAPABILITIES),
  parameters: z.object({
    placement: z.enum(PLACEMENTS).default('consistent').describe('how a key finds its shard'),
    shards: z.int().min(1).max(8).default(3).describe('servers that hold keys at first'),
    spares: z.int().min(0).max(4).default(1).describe('servers that are started and hold keys once they are added'),
    points: z.int().min(1).max(1000).default(160).describe('points of each shard on the ring (consistent)'),
    ...compressionParameters,
  }),
  servers: (parameters) => namesOf(parameters).map((name) => ({ name, kind: 'redis' })),
  async open({ redis, servers, timeoutMs, log, instance, parameters }) {
    const names = namesOf(parameters);
    const clients = await openRedisClients(servers, names, timeoutMs);
    const { placement: rule, shards, points } = parameters;
    const store = createShardStore(redis, clients, {
      rule,
      points,
      names,
      active: shards,
      codec: codecFor(parameters),
    });
    async function look(): Promise<void> {
      const wanted = Number(await redis.get(RESHARD_KEY));
      if (!Number.isInteger(wanted) || wanted < 1 || wanted > names.length || wanted === store.active) return;
      const before = store.active;
      const movedKeys = store.reshard(wanted);
      log.info(`${rule}: ${before} → ${wanted} shards, ${(100 * movedKeys).toFixed(1)} % of the keys have moved`);
      const applied: ReshardApplied = { shards: wanted, movedShare: movedKeys };
      await redis.hset(RESHARD_APPLIED_KEY, instance, JSON.stringify(applied));
    }
    // A Redis that is away tells nothing: keys stay where they are.
    const timer = setInterval(() => void look().catch(() => {}), LOOK_MS);
    timer.unref();
    return {
      store,
      close: () => {
        clearInterval(timer);
        for (const client of clients) client.disconnect();
        return Promise.resolve();
      },
    };
  },
});
