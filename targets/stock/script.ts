/**
 * Flash-sale stock in one Lua script: Redis decides, a stream carries the orders, a worker writes them down. The
 * strategy that shops with a thousand buyers a second end with, and its price: what Redis loses before the worker has
 * written it was acknowledged and is gone.
 */
import { z } from 'zod';
import { messageOf } from '../../harness/contract/errors.ts';
import { defineStockStrategy } from '../../harness/contract/stock.ts';
import type { PurchaseRequest, PurchaseResult } from '../../harness/contract/stock.ts';
import { startOrderWorker } from './_order-worker.ts';
import { createStockLoader } from './_stock-loader.ts';
import { defineStockScripts } from './_stock-script.ts';

/** Where the client has no time limit of its own. */
const LIMIT_MS = 1_000;

export default defineStockStrategy({
  id: 'script',
  title: 'One script in Redis, orders by stream',
  prose:
    'One Lua script asks everything at once: has this user bought, is the stock known, is there enough. Then it takes ' +
    'the units, remembers the user and appends the order to a stream; a worker moves orders to Postgres in batches, ' +
    'at the pace of the database. Never oversells, since a script is atomic, and a repeated order is seen as one. ' +
    'When Redis is away buyers are told to try again; nothing falls through to the database. When Redis loses its ' +
    'memory, orders that were accepted and not yet written down are lost.',
  source: 'Redis documentation, "Scripting with Lua" and "Streams"; design notes, "Stock for a flash sale"',
  parameters: z.object({
    batch: z.number().int().min(1).max(5_000).default(200).describe('Orders per transaction, at most'),
    lingerMs: z.number().int().min(0).max(10_000).default(10).describe('Pause after a batch that was not full'),
    loadLimitMs: z
      .number()
      .int()
      .min(50)
      .max(30_000)
      .default(3_000)
      .describe('How long finding out an unknown stock may take'),
    drainLimitMs: z
      .number()
      .int()
      .min(0)
      .max(60_000)
      .default(5_000)
      .describe('How long a stopping instance waits for queued orders'),
  }),
  async create(context) {
    const { postgres, clock, log, parameters, instance, purchasesPerUser } = context;
    // A purchase that was answered must not be sent again, or later, behind the buyer's back: no queue, no resending.
    const redis = context.redis.duplicate({
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      retryStrategy: (times: number) => Math.min(50 * times, 500),
      maxRetriesPerRequest: 0,
      lazyConnect: true,
    });
    redis.on('error', (error: Error) => log.warn(`redis, stock: ${error.message}`));
    await redis.connect().catch(() => undefined); // the client goes on trying by itself
    const limitMs = redis.options.commandTimeout ?? LIMIT_MS;
    const scripts = defineStockScripts(redis);
    const loadStock = createStockLoader({
      redis,
      postgres,
      clock,
      scripts,
      limitMs: parameters.loadLimitMs,
      keepMs: 0,
    });
    const worker = startOrderWorker({
      redis,
      postgres,
      clock,
      log,
      consumer: instance,
      batch: parameters.batch,
      lingerMs: parameters.lingerMs,
    });

    async function purchase(request: PurchaseRequest): Promise<PurchaseResult> {
      for (let attempt = 0; attempt < 3; attempt++) {
        if (redis.status !== 'ready') return 'unavailable';
        // Rejects where the answer got lost: then nobody knows, and the caller must say so.
        const answer = await scripts.purchase(request, purchasesPerUser, clock.nowMs() + limitMs);
        if (answer === 'late') return 'unavailable';
        if (answer !== 'unknown') return answer;
        const loaded = await loadStock(request.product).catch((error: unknown) => {
          log.warn(`stock of ${request.product} cannot be found out: ${messageOf(error)}`);
          return 'busy' as const;
        });
        if (loaded === 'busy') return 'unavailable';
      }
      return 'unavailable';
    }

    return {
      purchase,
      pending: () => worker.pending(),
      async close() {
        await worker.stop(parameters.drainLimitMs);
        redis.disconnect();
      },
    };
  },
});
