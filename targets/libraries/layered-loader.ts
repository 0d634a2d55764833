/** layered-loader behind the contract: memory, Redis, and the Redis notifications that keep memories in step. */
import { Redis } from 'ioredis';
import { defineLibrary, type LibraryValue } from '../../harness/contract/library.ts';
import { busOptions, connectIoredis } from './_clients.ts';
import { assertInstalled } from './_packages.ts';

export default defineLibrary({
  id: 'layered-loader',
  title: 'layered-loader: memory and Redis with notifications',
  prose:
    'A Loader with an LRU in memory, RedisCache behind it and the pair of Redis notifications, as the README sets up ' +
    'several nodes. Memory lives a tenth of the TTL in Redis, the proportion of its example. Refresh in advance is ' +
    'off, so that no library of the table loads early. It has no time limit for a load.',
  source: 'https://github.com/kibertoad/layered-loader#update-notifications',
  packages: ['layered-loader'],
  client: 'ioredis',
  async create(context) {
    assertInstalled(this);
    const { Loader, RedisCache, createNotificationPair } = await import('layered-loader');
    const redis = await connectIoredis(context);
    const [publisherRedis, consumerRedis] = [new Redis(busOptions(context)), new Redis(busOptions(context))];
    for (const client of [publisherRedis, consumerRedis]) client.on('error', () => {});
    const { publisher, consumer } = createNotificationPair<LibraryValue>({
      channel: `${context.namespace}-notifications`,
      publisherRedis,
      consumerRedis,
    });
    const loader = new Loader<LibraryValue>({
      inMemoryCache: { cacheType: 'lru-map', ttlInMsecs: context.ttlMs / 10, maxItems: 5000 },
      asyncCache: new RedisCache<LibraryValue>(redis, {
        json: true,
        ttlInMsecs: context.ttlMs,
        prefix: context.namespace,
      }),
      notificationPublisher: publisher,
      notificationConsumer: consumer,
      dataSourceGetOneFn: (key) => context.loader(key),
      // Its own default writes each error of the cache to the console.
      cacheUpdateErrorHandler: () => {},
      loadErrorHandler: () => {},
    });
    await loader.init();
    return {
      read: async (key) => (await loader.get(key)) ?? undefined,
      delete: (key) => loader.invalidateCacheFor(key),
      async close() {
        for (const client of [redis, publisherRedis, consumerRedis]) client.disconnect();
      },
    };
  },
});
