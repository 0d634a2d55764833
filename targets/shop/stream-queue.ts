/**
 * A work queue in a Redis stream with a consumer group. What was read and not acknowledged stays pending in the group
 * and goes to another consumer after a while; what is acknowledged is removed, so that the stream's length is the work
 * that is left.
 */
import type { Redis } from 'ioredis';
import { messageOf } from '../../harness/contract/errors.ts';
import type { Clock, Log } from '../../harness/contract/time.ts';
import type { QueuedMessage, WorkQueue } from '../../harness/contract/write.ts';

const GROUP = 'shop';
const GRACE_MS = 2000;
/** How much longer a wait may be without being asked for again. */
const LONGEST_WAIT_MS = 1000;

/** KEYS stream. ARGV body, most or ''. */
const APPEND_LUA = `
if ARGV[2] ~= '' and redis.call('XLEN', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
redis.call('XADD', KEYS[1], '*', 'body', ARGV[1])
return 1`;

type StreamEntry = [id: string, fields: string[] | null];
type PendingEntry = [id: string, consumer: string, idleMs: number, deliveries: number];

export interface StreamQueue extends WorkQueue {
  close(): void;
}

/**
 * Opens no connection before the first `take`.
 *
 * @param redis for commands that answer at once; a second connection is made for the one that waits
 * @param consumer this instance's name in the group
 */
export function createStreamQueue(
  redis: Redis,
  name: string,
  parts: { consumer: string; clock: Clock; log: Log },
): StreamQueue {
  const { consumer, clock, log } = parts;
  const stream = `cachequake:queue:${name}`;
  const dead = `${stream}:dead`;
  redis.defineCommand('cachequakeAppend', { numberOfKeys: 1, lua: APPEND_LUA });
  const scripts = redis as unknown as {
    cachequakeAppend(stream: string, body: string, most: number | string): Promise<number>;
  };
  let waiting: Redis | null = null;
  let lookedForLostMs = -Infinity;

  async function connection(): Promise<Redis> {
    if (waiting !== null) return waiting;
    const made = redis.duplicate({
      lazyConnect: true,
      commandTimeout: undefined,
      // The client gives up a wait whose answer got lost, since it has no time limit for the command itself.
      blockingTimeout: LONGEST_WAIT_MS,
      blockingTimeoutGrace: GRACE_MS,
      socketTimeout: LONGEST_WAIT_MS + GRACE_MS,
    });
    made.on('error', (error: Error) => log.warn(`redis, queue ${name}: ${error.message}`));
    waiting = made;
    await made.connect();
    await makeGroup();
    return made;
  }

  async function makeGroup(): Promise<void> {
    await redis.xgroup('CREATE', stream, GROUP, '0', 'MKSTREAM').catch((error: unknown) => {
      if (!messageOf(error).includes('BUSYGROUP')) throw error;
    });
  }

  function messagesOf(entries: readonly StreamEntry[], deliveries: ReadonlyMap<string, number>): QueuedMessage[] {
    return entries.flatMap(([id, fields]) => {
      const body = fields?.[fields.indexOf('body') + 1];
      if (body === undefined) return [];
      const appendedAtMs = Number(id.split('-')[0]);
      return [
        { id, body: JSON.parse(body) as Record<string, unknown>, deliveries: deliveries.get(id) ?? 1, appendedAtMs },
      ];
    });
  }

  /** What others, or this one, have taken and never acknowledged. */
  async function takeOver(most: number, takeOverMs: number): Promise<QueuedMessage[]> {
    lookedForLostMs = clock.nowMs();
    const [, entries] = (await redis.xautoclaim(stream, GROUP, consumer, takeOverMs, '0', 'COUNT', most)) as [
      string,
      StreamEntry[],
    ];
    const [first] = entries;
    if (first === undefined) return [];
    const pending = (await redis.xpending(
      stream,
      GROUP,
      first[0],
      entries.at(-1)![0],
      most,
      consumer,
    )) as PendingEntry[];
    return messagesOf(entries, new Map(pending.map(([id, , , count]) => [id, count])));
  }

  return {
    append: async (body, most) => (await scripts.cachequakeAppend(stream, JSON.stringify(body), most ?? '')) === 1,
    async take({ most, waitMs, takeOverMs }, signal) {
      if (signal?.aborted) return [];
      try {
        const connected = await connection();
        if (clock.nowMs() - lookedForLostMs > takeOverMs / 2) {
          const lost = await takeOver(most, takeOverMs);
          if (lost.length > 0) return lost;
        }
        const blockMs = Math.max(1, Math.min(LONGEST_WAIT_MS, Math.floor(waitMs)));
        const group = ['GROUP', GROUP, consumer] as const;
        const answer = await connected.xreadgroup(...group, 'COUNT', most, 'BLOCK', blockMs, 'STREAMS', stream, '>');
        return messagesOf(answer?.[0]?.[1] ?? [], new Map());
      } catch (error) {
        // A Redis that lost its memory knows no group any more.
        if (messageOf(error).includes('NOGROUP')) await makeGroup();
        throw error;
      }
    },
    async acknowledge(ids) {
      if (ids.length === 0) return;
      await redis
        .multi()
        .xack(stream, GROUP, ...ids)
        .xdel(stream, ...ids)
        .exec();
    },
    async bury({ id, body }, reason) {
      await redis
        .multi()
        .xadd(dead, '*', 'body', JSON.stringify(body), 'reason', reason)
        .xack(stream, GROUP, id)
        .xdel(stream, id)
        .exec();
    },
    length: () => redis.xlen(stream),
    deadLetters: () => redis.xlen(dead),
    close: () => waiting?.disconnect(),
  };
}
