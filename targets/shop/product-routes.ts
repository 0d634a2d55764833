/** The product page, read and written: the read goes through the stack of defences that the experiment is about. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Loader } from '../../harness/contract/defence.ts';
import { messageOf } from '../../harness/contract/errors.ts';
import type { Log } from '../../harness/contract/time.ts';
import type { WriteService } from '../../harness/contract/write.ts';
import type { Reader } from '../reader/create-reader.ts';
import { cacheStatus, entityTag, matchesTag, serverTiming } from './headers.ts';
import type { ShopMetrics } from './metrics.ts';
import { productKey } from './product-page.ts';
import type { ProductPage } from './product-page.ts';
import { checked } from './validation.ts';

const RETRY_AFTER_SEC = '1';
const JSON_TYPE = 'application/json; charset=utf-8';

/** The database time of the request that made the load; a load that runs behind an answer belongs to nobody. */
const request = new AsyncLocalStorage<{ databaseMs: number | null }>();

/** Notes the time of a load with the request in whose name it is made. */
export function timed<T>(loader: Loader<T>): Loader<T> {
  return async (key, signal) => {
    const mine = request.getStore();
    if (mine === undefined) return loader(key, signal);
    const startedMs = performance.now();
    try {
      return await loader(key, signal);
    } finally {
      mine.databaseMs = performance.now() - startedMs;
    }
  };
}

const writeBody = z.object({
  id: z.string().max(200).default(''),
  user: z.int().default(0),
  priceCents: z.int().min(0).max(2_000_000_000).optional(),
});

function keyOf(text: string): { key: string; product: number } | null {
  return /^\d{1,9}$/.test(text) ? { key: productKey(Number(text)), product: Number(text) } : null;
}

/**
 * Registers `GET` and `PUT /products/:key`.
 *
 * A load that fails is 502: the shop itself is well, what stands behind it is not. Only a deliberate refusal is 503
 * with Retry-After, so that shedding and failing can be told apart.
 */
export function registerProducts(
  app: FastifyInstance,
  parts: {
    read: Reader<ProductPage>['read'];
    writes: WriteService;
    metrics: ShopMetrics;
    log: Log;
    cacheControl?: string | null;
  },
): void {
  const { read, writes, metrics, log, cacheControl = null } = parts;

  app.get<{ Params: { key: string } }>('/products/:key', async (incoming, reply) => {
    const wanted = keyOf(incoming.params.key);
    if (wanted === null) return reply.code(404).send({ error: 'a product is named by a number' });
    const mine = { databaseMs: null };
    const startedMs = performance.now();
    let answer;
    try {
      answer = await request.run(mine, () => read(wanted.key));
    } catch (error) {
      metrics.outcome('failed');
      log.warn(`load failed: ${messageOf(error)}`);
      reply.header('server-timing', serverTiming(performance.now() - startedMs, mine.databaseMs, 0));
      return reply.code(502).send({ key: wanted.key, error: 'the database did not answer' });
    }
    metrics.outcome(answer.outcome);
    reply.header('cache-status', cacheStatus(answer.outcome));
    reply.header('server-timing', serverTiming(performance.now() - startedMs, mine.databaseMs, answer.waitedMs));
    if (answer.value === null) {
      if (answer.outcome !== 'shed') return reply.code(404).send({ key: wanted.key, error: 'no such product' });
      reply.header('retry-after', RETRY_AFTER_SEC);
      return reply.code(503).send({ key: wanted.key, error: 'high demand, try again' });
    }
    const tag = entityTag(wanted.key, answer.version);
    reply.header('age', Math.max(0, Math.floor(answer.ageMs / 1000)));
    reply.header('etag', tag);
    if (cacheControl !== null) reply.header('cache-control', cacheControl);
    if (matchesTag(incoming.headers['if-none-match'], tag)) return reply.code(304).send();
    return reply.type(JSON_TYPE).send(JSON.stringify(answer.value));
  });

  app.put<{ Params: { key: string }; Body: z.infer<typeof writeBody> }>(
    '/products/:key',
    checked({ body: writeBody }),
    async (incoming, reply) => {
      const wanted = keyOf(incoming.params.key);
      if (wanted === null) return reply.code(404).send({ error: 'a product is named by a number' });
      const { id: writeId, user, ...change } = incoming.body;
      let written;
      try {
        written = await writes.write({ key: wanted.key, writeId, user, change });
      } catch (error) {
        log.warn(`write failed: ${messageOf(error)}`);
        return reply.code(502).send({ key: wanted.key, error: 'the database did not answer' });
      }
      if (written === null) return reply.code(404).send({ key: wanted.key, error: 'no such product' });
      reply.header('etag', entityTag(wanted.key, written.version));
      return { key: wanted.key, ...written };
    },
  );
}
