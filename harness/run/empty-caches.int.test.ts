/** Real servers that hold something, and hold nothing afterwards. */
import { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { HarnessError } from '../contract/errors.ts';
import { startMemcachedProcess } from '../../targets/stores/_memcached-process.ts';
import { createMemcachedClient } from '../../targets/stores/_memcached-client.ts';
import { startRedisProcess } from '../../targets/stores/_redis-process.ts';
import { emptyCaches } from './empty-caches.ts';

test('the one Redis and every server beside it are emptied; one that is away is named', async () => {
  await using main = await startRedisProcess();
  await using shard = await startRedisProcess();
  await using memcached = await startMemcachedProcess();
  const clients = [main, shard].map(({ url }) => new Redis(url));
  const client = createMemcachedClient(memcached.url, 500);
  try {
    for (const each of clients) await each.set('k', 'v');
    await client.connected();
    await client.set('k', 'v', { ttlSec: 0 });
    const servers = [
      { name: 'shard-1', kind: 'redis' as const, url: shard.url },
      { name: 'cache', kind: 'memcached' as const, url: memcached.url },
    ];
    await emptyCaches(clients[0]!, servers);
    expect(await Promise.all(clients.map((each) => each.dbsize()))).toEqual([0, 0]);
    expect(await client.get('k')).toBe(null);
    await memcached.stop();
    await expect(emptyCaches(clients[0]!, servers)).rejects.toThrow(HarnessError);
    await expect(emptyCaches(clients[0]!, servers)).rejects.toThrow(/'cache'/);
  } finally {
    for (const each of clients) each.disconnect();
    client.close();
  }
});
