/**
 * Moves accepted orders from the Redis stream to Postgres, at the database's pace, for the `script` strategy. A
 * consumer group shares the stream between instances; an entry is acknowledged and removed only after its commit, and
 * the insert is idempotent, so a crash between the two costs nothing but a repetition.
 */
import type { Redis } from 'ioredis';
import type { Pool } from 'pg';
import { messageOf } from '../../harness/contract/errors.ts';
import type { Clock, Log } from '../../harness/contract/time.ts';
import { ORDER_STREAM } from './_stock-script.ts';

const GROUP = 'shop';
const BLOCK_MS = 500;
const GRACE_MS = 2_000;
const RETRY_MS = 200;
const POLL_MS = 10;
/** Entries of a consumer that did not come back are taken over after this time, and looked for as often. */
const TAKE_OVER_MS = 5_000;

// One statement, so that orders and stock change together. The stock is not guarded here: what Redis has sold is
// sold, and hiding it would turn an oversell into a lost order.
const STORE_ORDERS = `
WITH incoming AS (
  SELECT * FROM unnest($1::text[], $2::int[], $3::int[], $4::int[]) AS t (order_id, product_id, user_id, quantity)
),
stored AS (
  INSERT INTO shop.orders (order_id, product_id, user_id, quantity) SELECT * FROM incoming
  ON CONFLICT (order_id) DO NOTHING RETURNING product_id, quantity
)
UPDATE shop.stock s SET remaining = s.remaining - sold.quantity
FROM (SELECT product_id, sum(quantity)::int AS quantity FROM stored GROUP BY product_id) AS sold
WHERE s.product_id = sold.product_id`;

type StreamEntry = [id: string, fields: string[] | null];

interface OrderWorker {
  /** Orders in the stream, of all instances. */
  pending(): Promise<number>;
  /** Waits until the orders accepted so far are in the database, at most `limitMs`, then stops. */
  stop(limitMs: number): Promise<void>;
}

/** Waits until every order that is in the stream now has left it; false where the deadline came first. */
export async function ordersHaveArrived(redis: Redis, clock: Clock, deadlineMs: number): Promise<boolean> {
  const [newest] = await redis.xrevrange(ORDER_STREAM, '+', '-', 'COUNT', 1);
  if (newest === undefined) return true;
  for (;;) {
    if ((await redis.xrange(ORDER_STREAM, '-', newest[0], 'COUNT', 1)).length === 0) return true;
    if (clock.nowMs() >= deadlineMs) return false;
    await clock.sleep(POLL_MS);
  }
}

/**
 * Starts the worker.
 *
 * @param parts.redis for commands that answer at once; a second connection is made for the one that waits
 * @param parts.consumer this instance's name in the group
 * @param parts.batch orders per transaction, at most
 * @param parts.lingerMs pause after a batch that was not full
 */
export function startOrderWorker(parts: {
  redis: Redis;
  postgres: Pool;
  clock: Clock;
  log: Log;
  consumer: string;
  batch: number;
  lingerMs: number;
}): OrderWorker {
  const { redis, postgres, clock, log, consumer, batch, lingerMs } = parts;
  // The client gives up a wait whose answer got lost, since it has no time limit for the command itself.
  const waiting = redis.duplicate({
    commandTimeout: undefined,
    blockingTimeout: BLOCK_MS,
    blockingTimeoutGrace: GRACE_MS,
    socketTimeout: BLOCK_MS + GRACE_MS,
  });
  waiting.on('error', (error: Error) => log.warn(`redis, orders: ${error.message}`));
  const life = { stopping: false };
  let askedMs = 0;

  async function next(from: string): Promise<StreamEntry[]> {
    if (clock.nowMs() - askedMs > TAKE_OVER_MS) {
      askedMs = clock.nowMs();
      const taken = (await redis.xautoclaim(ORDER_STREAM, GROUP, consumer, TAKE_OVER_MS, '0', 'COUNT', batch)) as [
        string,
        StreamEntry[],
      ];
      if (taken[1].length > 0) return taken[1];
    }
    const answer = await waiting.xreadgroup(
      'GROUP',
      GROUP,
      consumer,
      'COUNT',
      batch,
      'BLOCK',
      BLOCK_MS,
      'STREAMS',
      ORDER_STREAM,
      from,
    );
    return answer?.[0]?.[1] ?? [];
  }

  async function store(entries: readonly StreamEntry[]): Promise<void> {
    const columns: [string[], number[], number[], number[]] = [[], [], [], []];
    for (const [, fields] of entries) {
      if (fields === null) continue;
      const order = new Map<string, string>();
      for (let i = 0; i < fields.length; i += 2) order.set(fields[i]!, fields[i + 1]!);
      columns[0].push(order.get('order') ?? '');
      columns[1].push(Number(order.get('product')));
      columns[2].push(Number(order.get('user')));
      columns[3].push(Number(order.get('quantity')));
    }
    if (columns[0].length > 0) await postgres.query({ name: 'store-orders', text: STORE_ORDERS, values: columns });
    const ids = entries.map(([id]) => id);
    await redis
      .multi()
      .xack(ORDER_STREAM, GROUP, ...ids)
      .xdel(ORDER_STREAM, ...ids)
      .exec();
  }

  async function work(): Promise<void> {
    // `0` gives this consumer's own entries that were read and not acknowledged, `>` new ones.
    let from = '0';
    while (!life.stopping) {
      try {
        const entries = await next(from);
        if (entries.length > 0) await store(entries);
        else from = '>';
        // Few at a time cost the database as much as many: let some gather.
        if (entries.length > 0 && entries.length < batch) await clock.sleep(lingerMs);
      } catch (error) {
        if (life.stopping) return;
        if (messageOf(error).includes('NOGROUP')) await makeGroup();
        else log.warn(`orders stay queued: ${messageOf(error)}`);
        from = '0';
        await clock.sleep(RETRY_MS);
      }
    }
  }

  async function makeGroup(): Promise<void> {
    await redis.xgroup('CREATE', ORDER_STREAM, GROUP, '0', 'MKSTREAM').catch((error: unknown) => {
      if (!messageOf(error).includes('BUSYGROUP')) log.warn(`orders: ${messageOf(error)}`);
    });
  }

  const done = waiting
    .connect()
    .catch(() => undefined) // the client goes on trying by itself
    .then(makeGroup)
    .then(work);
  return {
    pending: () => redis.xlen(ORDER_STREAM),
    async stop(limitMs) {
      const deadlineMs = clock.nowMs() + limitMs;
      try {
        if (!(await ordersHaveArrived(redis, clock, deadlineMs))) log.warn('orders stay queued');
      } catch (error) {
        log.warn(`orders may stay queued: ${messageOf(error)}`);
      }
      life.stopping = true;
      waiting.disconnect();
      await done;
    },
  };
}
