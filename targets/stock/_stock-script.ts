/**
 * The scripts of the `script` strategy; `write-through` finds out an unknown stock with them too. All that is known of
 * a product's sale lies in one hash, so that it is lost as a whole or not at all: `left` is what remains, `u:<user>`
 * counts a user's purchases, `o:<order>` marks an order.
 */
import type { Redis } from 'ioredis';
import type { PurchaseRequest } from '../../harness/contract/stock.ts';

/** The stream of accepted orders on their way to the database. */
export const ORDER_STREAM = 'stock:orders';

export const stockKey = (product: number): string => `stock:${product}`;
export const loadingKey = (product: number): string => `stock:${product}:loading`;

/** What the purchase script answers. `late` was carried out after its deadline and changed nothing. */
type ScriptAnswer = 'accepted' | 'sold-out' | 'limit-reached' | 'unknown' | 'late';

// The order joins the stream before the counters change: should that fail, nothing has been taken.
const PURCHASE = `
local order, user, product = ARGV[1], ARGV[2], ARGV[3]
local quantity, limit, deadline = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local time = redis.call('TIME')
if time[1] * 1000 + time[2] / 1000 > deadline then return 'late' end
local known = redis.call('HMGET', KEYS[1], 'left', 'u:' .. user, 'o:' .. order)
if known[3] then return 'accepted' end
if not known[1] then return 'unknown' end
if limit >= 0 and tonumber(known[2] or '0') >= limit then return 'limit-reached' end
if tonumber(known[1]) < quantity then return 'sold-out' end
redis.call('XADD', KEYS[2], '*', 'order', order, 'product', product, 'user', user, 'quantity', quantity)
redis.call('HINCRBY', KEYS[1], 'left', -quantity)
redis.call('HINCRBY', KEYS[1], 'u:' .. user, 1)
redis.call('HSET', KEYS[1], 'o:' .. order, '1')
return 'accepted'`;

// Only the holder of the lock may say what the stock is, and only where nobody has said it.
const KNOW = `
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[2])
if redis.call('HEXISTS', KEYS[1], 'left') == 1 then return 0 end
redis.call('DEL', KEYS[1])
for _, order in ipairs(cjson.decode(ARGV[3])) do
  redis.call('HSET', KEYS[1], 'o:' .. order[1], '1')
  redis.call('HINCRBY', KEYS[1], 'u:' .. order[2], 1)
end
redis.call('HSET', KEYS[1], 'left', ARGV[2])
if tonumber(ARGV[4]) > 0 then redis.call('PEXPIRE', KEYS[1], ARGV[4]) end
return 1`;

const GIVE_UP = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`;

interface Scripted extends Redis {
  cqPurchase(...args: (string | number)[]): Promise<ScriptAnswer>;
  cqKnowStock(...args: (string | number)[]): Promise<0 | 1>;
  cqGiveUp(...args: (string | number)[]): Promise<0 | 1>;
}

/** The scripts on a connection. */
export interface StockScripts {
  /** @param deadlineMs epoch ms after which Redis must not carry it out any more */
  purchase(request: PurchaseRequest, limit: number | null, deadlineMs: number): Promise<ScriptAnswer>;
  /**
   * Says what the stock is, while the lock is held with `token`; `orders` are pairs of order and user. Forgotten after
   * `keepMs`, never where it is 0.
   */
  know(
    product: number,
    token: string,
    left: number,
    orders: readonly [string, number][],
    keepMs: number,
  ): Promise<void>;
  /** Releases the lock, where `token` still holds it. */
  giveUp(product: number, token: string): Promise<void>;
}

export function defineStockScripts(redis: Redis): StockScripts {
  redis.defineCommand('cqPurchase', { numberOfKeys: 2, lua: PURCHASE });
  redis.defineCommand('cqKnowStock', { numberOfKeys: 2, lua: KNOW });
  redis.defineCommand('cqGiveUp', { numberOfKeys: 1, lua: GIVE_UP });
  const scripted = redis as Scripted;
  return {
    purchase: (request, limit, deadlineMs) =>
      scripted.cqPurchase(
        stockKey(request.product),
        ORDER_STREAM,
        request.orderId,
        request.user,
        request.product,
        request.quantity,
        limit ?? -1,
        deadlineMs,
      ),
    async know(product, token, left, orders, keepMs) {
      const pairs = JSON.stringify(orders);
      await scripted.cqKnowStock(stockKey(product), loadingKey(product), token, left, pairs, keepMs);
    },
    async giveUp(product, token) {
      await scripted.cqGiveUp(loadingKey(product), token);
    },
  };
}
