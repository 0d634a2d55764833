/**
 * bentocache behind the contract. Two tiers and the Redis bus, as its documentation sets up several instances; the
 * client is the one that bentocache itself finds, because it takes another class for options.
 */
import { defineLibrary } from '../../harness/contract/library.ts';
import { busOptions, ioredisOptions } from './_clients.ts';
import { assertInstalled } from './_packages.ts';

export default defineLibrary({
  id: 'bentocache',
  title: 'bentocache: memory and Redis with a bus',
  prose:
    'L1 in memory, L2 in Redis and the Redis bus, as its page on multi-tier caching sets up several instances; ' +
    'hardTimeout bounds a load. Grace periods are off, so that no library of the table serves after the TTL. ' +
    'bentocache 1.6.1 declares ioredis 5; in this repository it is run on the ioredis named beside it.',
  source: 'https://bentocache.dev/docs/multi-tier, https://bentocache.dev/docs/timeouts',
  packages: ['bentocache'],
  client: 'ioredis',
  async create(context) {
    assertInstalled(this);
    const { BentoCache, bentostore } = await import('bentocache');
    const { memoryDriver } = await import('bentocache/drivers/memory');
    const { redisBusDriver, redisDriver } = await import('bentocache/drivers/redis');
    const bento = new BentoCache({
      default: 'tiers',
      ttl: context.ttlMs,
      hardTimeout: context.loadTimeoutMs,
      prefix: context.namespace,
      stores: {
        tiers: bentostore()
          .useL1Layer(memoryDriver({ maxSize: '10mb' }))
          .useL2Layer(redisDriver({ connection: ioredisOptions(context) }))
          .useBus(redisBusDriver({ connection: busOptions(context) })),
      },
    });
    return {
      read: (key) => bento.getOrSet({ key, factory: () => context.loader(key) }),
      delete: async (key) => void (await bento.delete({ key })),
      close: () => bento.disconnectAll(),
    };
  },
});
