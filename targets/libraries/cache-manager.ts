/** cache-manager behind the contract: the two stores of its README, memory first and Redis behind it. */
import { defineLibrary } from '../../harness/contract/library.ts';
import { connectKeyvRedis } from './_clients.ts';
import { assertInstalled } from './_packages.ts';

export default defineLibrary({
  id: 'cache-manager',
  title: 'cache-manager: memory and Redis through Keyv',
  prose:
    'wrap() over two stores, CacheableMemory with an LRU of 5,000 entries and @keyv/redis, as the README shows. ' +
    'refreshThreshold is off, so that no library of the table serves after the TTL or loads early. It has no bus ' +
    'between instances and no time limit for a load.',
  source: 'https://github.com/jaredwray/cacheable/tree/main/packages/cache-manager#quick-start',
  packages: ['cache-manager', 'keyv', '@keyv/redis', 'cacheable'],
  client: '@redis/client',
  async create(context) {
    assertInstalled(this);
    const { createCache } = await import('cache-manager');
    const { Keyv } = await import('keyv');
    const { CacheableMemory } = await import('cacheable');
    const memory = new Keyv({ store: new CacheableMemory({ ttl: context.ttlMs, lruSize: 5000 }) });
    const redis = await connectKeyvRedis(context, context.namespace);
    const cache = createCache({ stores: [memory, redis], ttl: context.ttlMs });
    return {
      read: (key) => cache.wrap(key, () => context.loader(key)),
      delete: async (key) => void (await cache.del(key)),
      close: () => cache.disconnect(),
    };
  },
});
