/** async-cache-dedupe behind the contract: its Redis storage, one defined function, invalidation by reference. */
import { HarnessError } from '../../harness/contract/errors.ts';
import { defineLibrary, type LibraryValue } from '../../harness/contract/library.ts';
import { connectIoredis } from './_clients.ts';
import { assertInstalled } from './_packages.ts';

export default defineLibrary({
  id: 'async-cache-dedupe',
  title: 'async-cache-dedupe: Redis storage, one tier',
  prose:
    "The storage of type 'redis' with invalidation by references, which its README calls the best choice for a " +
    'shared cache; a delete is invalidateAll of the reference of the key, then clear of the key. stale is off, so ' +
    'that no library of the table serves after the TTL. TTLs are whole seconds; no time limit for a load.',
  source: 'https://github.com/mcollina/async-cache-dedupe#redis',
  packages: ['async-cache-dedupe'],
  client: 'ioredis',
  async create(context) {
    assertInstalled(this);
    const ttl = context.ttlMs / 1000;
    if (!Number.isInteger(ttl))
      throw new HarnessError('BAD_PARAMETER', `async-cache-dedupe takes whole seconds, not a TTL of ${ttl} s`);
    const { createCache } = await import('async-cache-dedupe');
    const client = await connectIoredis(context);
    const referenceOf = (key: string): string => `${context.namespace}:${key}`;
    const name = `${context.namespace}-read`;
    const cache = createCache({
      ttl,
      storage: { type: 'redis', options: { client, invalidation: { referencesTTL: ttl } } },
    }).define(name, { references: (key: string) => [referenceOf(key)] }, (key: string): Promise<LibraryValue> =>
      context.loader(key),
    );
    return {
      read: (key) => cache[name]!(key),
      async delete(key) {
        await cache.invalidateAll(referenceOf(key));
        await cache.clear(name, key);
      },
      close: async () => client.disconnect(),
    };
  },
});
