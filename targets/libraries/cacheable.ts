/** cacheable behind the contract: its memory as the primary store and Redis as the secondary. */
import { defineLibrary } from '../../harness/contract/library.ts';
import { connectKeyvRedis } from './_clients.ts';
import { assertInstalled } from './_packages.ts';

export default defineLibrary({
  id: 'cacheable',
  title: 'cacheable: memory and Redis through Keyv',
  prose:
    "getOrSet() with @keyv/redis as the secondary store. throwErrors is 'function', since otherwise a loader that " +
    'fails is answered with undefined. nonBlocking is off: with it a miss in memory loads without having asked ' +
    'Redis. CacheableSync, which needs a further package, is not used; there is no time limit for a load.',
  source: 'https://cacheable.org/docs/cacheable/',
  packages: ['cacheable', 'keyv', '@keyv/redis'],
  client: '@redis/client',
  async create(context) {
    assertInstalled(this);
    const { Cacheable } = await import('cacheable');
    const secondary = await connectKeyvRedis(context, context.namespace);
    const cache = new Cacheable({ secondary, ttl: context.ttlMs });
    cache.on('error', () => {});
    return {
      read: (key) => cache.getOrSet(key, () => context.loader(key), { ttl: context.ttlMs, throwErrors: 'function' }),
      delete: async (key) => void (await cache.delete(key)),
      close: () => cache.disconnect(),
    };
  },
});
