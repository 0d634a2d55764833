/**
 * A new product: admission is told before its row is visible, and what the cache knows of its absence is forgotten
 * after it is. In this order, or a reader would be turned away from a row that exists.
 */
import type { FastifyInstance } from 'fastify';
import type { Pool } from 'pg';
import { z } from 'zod';
import { messageOf } from '../../harness/contract/errors.ts';
import type { Log } from '../../harness/contract/time.ts';
import type { Reader } from '../reader/create-reader.ts';
import { productKey } from './product-page.ts';
import { checked } from './validation.ts';

const CREATE = `
INSERT INTO shop.products (id, name, price_cents, version, updated_at) VALUES ($1, $2, $3, 1, now())
ON CONFLICT (id) DO NOTHING`;

const params = z.object({ key: z.coerce.number().int().min(0).max(999_999_999) });
const body = z.object({
  name: z.string().min(1).max(200),
  priceCents: z.int().min(0).max(2_000_000_000),
});

/**
 * Registers `POST /products/:key`: 201 where the row was created, 409 where it is there already, 502 where it could
 * not be. `invalidated` says whether the cache could be told to forget that the row was absent.
 */
export function registerCreation(
  app: FastifyInstance,
  parts: { reader: Pick<Reader<unknown>, 'created' | 'invalidate'>; pool: Pool; log: Log },
): void {
  const { reader, pool, log } = parts;
  app.post<{ Params: z.infer<typeof params>; Body: z.infer<typeof body> }>(
    '/products/:key',
    checked({ params, body }),
    async (incoming, reply) => {
      const key = productKey(incoming.params.key);
      const { name, priceCents } = incoming.body;
      let created: number | null;
      try {
        await reader.created(key);
        created = (await pool.query(CREATE, [incoming.params.key, name, priceCents])).rowCount;
      } catch (error) {
        log.warn(`creation of ${key} failed: ${messageOf(error)}`);
        return reply.code(502).send({ key, error: 'the product was not created' });
      }
      if (created === 0) return reply.code(409).send({ key, error: 'there is such a product already' });
      const invalidated = await reader.invalidate(key).then(
        () => true,
        (error: unknown) => {
          log.warn(`invalidation of ${key} failed: ${messageOf(error)}`);
          return false;
        },
      );
      return reply.code(201).send({ key, version: 1, invalidated });
    },
  );
}
