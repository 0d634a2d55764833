/** Notes between instances and the processes beside them, in Redis lists that are bounded. */
import type { Redis } from 'ioredis';
import type { Mailbox } from '../../harness/contract/defence.ts';

/** Notes that may lie in one box; older ones are dropped. */
const MOST = 10_000;

/** @param prefix of the lists' names, default `cachequake:mail:` */
export function createRedisMailbox(redis: Redis, prefix = 'cachequake:mail:'): Mailbox {
  return {
    async post(box, text) {
      const replies = await redis
        .multi()
        .lpush(prefix + box, text)
        .ltrim(prefix + box, 0, MOST - 1)
        .exec();
      const failure = replies?.find(([error]) => error !== null)?.[0];
      if (failure) throw failure;
    },
    async take(box, atMost) {
      return (await redis.rpop(prefix + box, atMost)) ?? [];
    },
  };
}
