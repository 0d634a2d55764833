/** @epic-web/cachified behind the contract. It brings no store: the adapter for Redis is the few lines below. */
import type { Cache, CacheEntry } from '@epic-web/cachified';
import { defineLibrary } from '../../harness/contract/library.ts';
import { connectIoredis } from './_clients.ts';
import { assertInstalled } from './_packages.ts';

export default defineLibrary({
  id: 'cachified',
  title: '@epic-web/cachified on Redis, one tier',
  prose:
    'cachified() with a cache of get, set and delete on ioredis, where set gives Redis the totalTtl of the entry as ' +
    'the README asks of an adapter. staleWhileRevalidate is off, so that no library of the table serves after the ' +
    'TTL. It has no time limit for a load; a delete is cache.delete of the key.',
  source: 'https://github.com/epicweb-dev/cachified#options',
  packages: ['@epic-web/cachified'],
  client: 'ioredis',
  async create(context) {
    assertInstalled(this);
    const { cachified, totalTtl } = await import('@epic-web/cachified');
    const redis = await connectIoredis(context);
    const keyOf = (key: string): string => `${context.namespace}:${key}`;
    const cache: Cache = {
      name: 'redis',
      async get(key) {
        const text = await redis.get(keyOf(key));
        return text === null ? null : (JSON.parse(text) as CacheEntry);
      },
      async set(key, entry) {
        const keepMs = totalTtl(entry.metadata);
        if (Number.isFinite(keepMs)) await redis.set(keyOf(key), JSON.stringify(entry), 'PX', Math.max(1, keepMs));
        else await redis.set(keyOf(key), JSON.stringify(entry));
      },
      delete: (key) => redis.del(keyOf(key)),
    };
    return {
      read: (key) => cachified({ key, cache, ttl: context.ttlMs, getFreshValue: () => context.loader(key) }),
      delete: async (key) => void (await cache.delete(key)),
      close: async () => redis.disconnect(),
    };
  },
});
