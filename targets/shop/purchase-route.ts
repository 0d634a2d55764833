/**
 * A purchase, by whichever stock strategy was chosen. What is certain is told apart from what is not: sold out and
 * limit reached are definite, "high demand" has sold nothing, and where the answer of the strategy got lost the shop
 * says that it does not know.
 */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { z } from 'zod';
import { messageOf } from '../../harness/contract/errors.ts';
import type { PurchaseRequest, PurchaseResult, StockService } from '../../harness/contract/stock.ts';
import type { Log } from '../../harness/contract/time.ts';
import type { UserLimit } from '../stock/_user-limit.ts';
import type { ShopMetrics } from './metrics.ts';
import { checked } from './validation.ts';

const HIGHEST = 2_147_483_647;
const RETRY_AFTER_SEC = '1';

const body: z.ZodType<PurchaseRequest> = z.object({
  orderId: z.string().min(1).max(200),
  product: z.int().min(0).max(HIGHEST),
  user: z.int().min(0).max(HIGHEST),
  quantity: z.int().min(1).max(1_000).default(1),
});

const STATUS: Readonly<Record<Exclude<PurchaseResult, 'unavailable'>, number>> = {
  accepted: 201,
  'sold-out': 409,
  'limit-reached': 429,
};

/**
 * Registers `POST /purchases`; 501 where the shop was started without a stock strategy.
 *
 * @param parts.limit how often one user may try, null for no limit. Who tries more often gets 429 with the time to
 *   wait; while the limit cannot be asked everybody gets 503, and neither reaches the stock strategy
 */
export function registerPurchases(
  app: FastifyInstance,
  parts: { stock: StockService | null; limit: UserLimit | null; metrics: ShopMetrics; log: Log },
): void {
  const { stock, limit, metrics, log } = parts;
  const highDemand = (reply: FastifyReply, orderId: string): FastifyReply => {
    metrics.purchases.unavailable += 1;
    reply.header('retry-after', RETRY_AFTER_SEC);
    return reply.code(503).send({ orderId, result: 'high demand, try again' });
  };
  app.post<{ Body: PurchaseRequest }>('/purchases', checked({ body }), async (incoming, reply) => {
    const { orderId } = incoming.body;
    if (stock === null) return reply.code(501).send({ orderId, result: 'not selling: no stock strategy was chosen' });
    if (limit !== null) {
      let waitMs: number;
      try {
        waitMs = await limit.takeTurn(incoming.body.user);
      } catch (error) {
        log.warn(`the limit per user cannot be asked: ${messageOf(error)}`);
        return highDemand(reply, orderId);
      }
      if (waitMs > 0) {
        metrics.purchases['too-many-requests'] += 1;
        reply.header('retry-after', String(Math.ceil(waitMs / 1000)));
        return reply.code(429).send({ orderId, result: 'too many requests' });
      }
    }
    let result: PurchaseResult;
    try {
      result = await stock.purchase(incoming.body);
    } catch (error) {
      metrics.purchases.unknown += 1;
      log.warn(`purchase with unknown result: ${messageOf(error)}`);
      return reply.code(504).send({ orderId, result: 'unknown: ask again with the same order id' });
    }
    if (result === 'unavailable') return highDemand(reply, orderId);
    metrics.purchases[result] += 1;
    return reply.code(STATUS[result]).send({ orderId, result });
  });
}
