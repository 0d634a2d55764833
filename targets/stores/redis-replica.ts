/**
 * One Redis that takes the writes, and replicas that answer the reads. Replication is asynchronous: what a reader is
 * given may be older than what the primary has acknowledged, and locks and leases must not be judged from there.
 */
import type { Redis } from 'ioredis';
import { z } from 'zod';
import { STORE_CAPABILITIES } from '../../harness/contract/store.ts';
import type { Store } from '../../harness/contract/store.ts';
import { defineStore } from '../../harness/contract/store-kind.ts';
import { codecFor, compressionParameters } from './_compressing.ts';
import type { EntryCodec } from './_codec.ts';
import { delegateTo } from './_delegate.ts';
import { openRedisClients } from './_server-clients.ts';
import { createRedisStore } from './redis.ts';

/**
 * Writes, locks, leases and messages go to the primary; plain reads go to the replicas in turn. A replica without a
 * connection is passed over, and the primary answers where none is left.
 *
 * @param options as for one Redis
 */
export function createReplicaStore(
  primary: Redis,
  replicas: readonly Redis[],
  options: { prefix?: string; codec?: EntryCodec } = {},
): Store {
  const main = createRedisStore(primary, options);
  const readers = replicas.map((redis) => ({ redis, store: createRedisStore(redis, options) }));
  let turn = 0;
  return delegateTo(main, {
    id: 'redis-replica',
    get: (key) => {
      for (let tried = 0; tried < readers.length; tried++) {
        const reader = readers[turn++ % readers.length]!;
        if (reader.redis.status === 'ready') return reader.store.get(key);
      }
      return main.get(key);
    },
  });
}

const names = (replicas: number): string[] => Array.from({ length: replicas }, (_, i) => `replica-${i + 1}`);

export default defineStore({
  id: 'redis-replica',
  title: 'Redis with replicas that answer reads',
  prose:
    'Writes, locks and leases go to the primary, plain reads in turn to replicas that follow it. Spreads reads of hot ' +
    'keys over several servers. Replication is asynchronous, so that a read just behind a write or an invalidation may ' +
    'be given the old value, also to the one who wrote; a reader that waits for a lock sees the new value later. ' +
    'A replica that lost its primary goes on answering with what it has. Does not help writes.',
  source: 'Redis documentation, replication: asynchronous by default, replica-serve-stale-data yes.',
  capabilities: new Set(STORE_CAPABILITIES),
  parameters: z.object({
    replicas: z.int().min(1).max(8).default(1).describe('servers that follow the primary and answer reads'),
    ...compressionParameters,
  }),
  servers: ({ replicas }) => names(replicas).map((name) => ({ name, kind: 'redis-replica' })),
  async open({ redis, servers, timeoutMs, parameters }) {
    const clients = await openRedisClients(servers, names(parameters.replicas), timeoutMs);
    return {
      store: createReplicaStore(redis, clients, { codec: codecFor(parameters) }),
      close: () => {
        for (const client of clients) client.disconnect();
        return Promise.resolve();
      },
    };
  },
});
