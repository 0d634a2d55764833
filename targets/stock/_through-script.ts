/**
 * The two scripts of the `write-through` strategy, before and after the database. They keep the same hash as the
 * `script` strategy; an order that is with the database is marked `?`, so that a repeat of it is never refused by what
 * Redis believes while nobody knows yet.
 */
import type { Redis } from 'ioredis';
import type { PurchaseRequest } from '../../harness/contract/stock.ts';
import { loadingKey, stockKey } from './_stock-script.ts';

const ADMIT = `
local order, user, quantity, limit = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local known = redis.call('HMGET', KEYS[1], 'left', 'u:' .. user, 'o:' .. order)
if known[3] == '1' then return 'accepted' end
if not known[1] then return 'unknown' end
if not known[3] then
  if limit >= 0 and tonumber(known[2] or '0') >= limit then return 'limit-reached' end
  if tonumber(known[1]) < quantity then return 'sold-out' end
  redis.call('HSET', KEYS[1], 'o:' .. order, '?')
end
return 'ask'`;

// The lower number is the newer one, since a sale only takes: of two writers the slower does not bring the older
// number back. Where the stock was forgotten meanwhile, a load that is under way may have missed this order: it is
// voided, as a delete voids a lease.
const SETTLE = `
local order, user, accepted, remaining = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local left = redis.call('HGET', KEYS[1], 'left')
if not left then
  redis.call('DEL', KEYS[2])
  return 0
end
if remaining >= 0 and remaining < tonumber(left) then redis.call('HSET', KEYS[1], 'left', remaining) end
if accepted ~= '1' then
  redis.call('HDEL', KEYS[1], 'o:' .. order)
elseif redis.call('HGET', KEYS[1], 'o:' .. order) ~= '1' then
  redis.call('HSET', KEYS[1], 'o:' .. order, '1')
  redis.call('HINCRBY', KEYS[1], 'u:' .. user, 1)
end
return 1`;

/** `ask`: only the database can say; the order is marked until {@link ThroughScripts.settle}. */
type Admission = 'accepted' | 'sold-out' | 'limit-reached' | 'unknown' | 'ask';

interface Scripted extends Redis {
  cqAdmit(...args: (string | number)[]): Promise<Admission>;
  cqSettle(...args: (string | number)[]): Promise<0 | 1>;
}

interface ThroughScripts {
  /** What Redis can say by itself. */
  admit(request: PurchaseRequest, limit: number | null): Promise<Admission>;
  /** Writes through what the database said: the order where it was accepted, and the units left where they are known. */
  settle(request: PurchaseRequest, accepted: boolean, remaining: number | null): Promise<void>;
}

export function defineThroughScripts(redis: Redis): ThroughScripts {
  redis.defineCommand('cqAdmit', { numberOfKeys: 1, lua: ADMIT });
  redis.defineCommand('cqSettle', { numberOfKeys: 2, lua: SETTLE });
  const scripted = redis as Scripted;
  return {
    admit: ({ orderId, product, user, quantity }, limit) =>
      scripted.cqAdmit(stockKey(product), orderId, user, quantity, limit ?? -1),
    async settle({ orderId, product, user }, accepted, remaining) {
      await scripted.cqSettle(
        stockKey(product),
        loadingKey(product),
        orderId,
        user,
        accepted ? '1' : '0',
        remaining ?? -1,
      );
    },
  };
}
