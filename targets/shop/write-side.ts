/**
 * Gives a write strategy what it may touch: the shop's rows, the cache as readers have it, queues in Redis and the
 * outbox in Postgres. Nothing is opened that the strategy does not ask for.
 */
import type { FastifyInstance } from 'fastify';
import type { Redis } from 'ioredis';
import type { Pool } from 'pg';
import type { Loader } from '../../harness/contract/defence.ts';
import type { Store } from '../../harness/contract/store.ts';
import type { WriteSideAnswer } from '../../harness/contract/target.ts';
import type { Clock, Log, Random } from '../../harness/contract/time.ts';
import type { WriteService } from '../../harness/contract/write.ts';
import type { Reader } from '../reader/create-reader.ts';
import type { ShopSettings } from './config.ts';
import { loadWrite } from './load-parts.ts';
import { createOutboxQueue, type OutboxQueue } from './outbox-queue.ts';
import type { ProductPage } from './product-page.ts';
import { createStreamQueue, type StreamQueue } from './stream-queue.ts';
import { createWriteDatabase } from './write-database.ts';

/** KEYS sequence. ARGV version to begin after, or '' where it is not known yet. */
const NEXT_LUA = `
if ARGV[1] ~= '' then redis.call('SET', KEYS[1], ARGV[1], 'NX') end
if redis.call('EXISTS', KEYS[1]) == 0 then return false end
return redis.call('INCR', KEYS[1])`;

export interface WriteSide {
  /** The store as readers must use it. */
  readerStore(store: Store): Store;
  /** Once there is a reader. */
  start(reader: Reader<ProductPage>): Promise<WriteService>;
  /** `GET /cachequake/writes`, from the moment that it was started. */
  register(app: FastifyInstance): void;
}

export interface WriteSideParts {
  pool: Pool;
  redis: Redis;
  loader: Loader<ProductPage>;
  clock: Clock;
  random: Random;
  log: Log;
}

/** @throws HarnessError where there is no such strategy, or its parameters do not fit */
export async function openWriteSide(settings: ShopSettings, parts: WriteSideParts): Promise<WriteSide> {
  const { pool, redis, loader, clock, random, log } = parts;
  const { instance, ttlMs } = settings;
  const { strategy, parameters } = await loadWrite(settings.write);
  const streams = new Map<string, StreamQueue>();
  let outbox: OutboxQueue | null = null;
  let service: WriteService | null = null;
  redis.defineCommand('cachequakeNext', { numberOfKeys: 1, lua: NEXT_LUA });
  const scripts = redis as unknown as { cachequakeNext(key: string, first: number | string): Promise<number | null> };

  function queue(name: string): StreamQueue {
    const known = streams.get(name) ?? createStreamQueue(redis, name, { consumer: instance, clock, log });
    streams.set(name, known);
    return known;
  }

  return {
    readerStore: (store) => strategy.readerStore?.(store, { clock, instance, parameters }) ?? store,
    async start(reader) {
      const made = await strategy.create({
        database: createWriteDatabase(pool, loader),
        store: reader.store,
        invalidate: (key, options) => reader.invalidate(key, options),
        queue,
        outbox: () => (outbox ??= createOutboxQueue(pool, settings.databaseUrl, { clock, log })),
        async nextVersion(key, first) {
          const sequence = `cachequake:sequence:${key}`;
          const next = await scripts.cachequakeNext(sequence, '');
          return next ?? (await scripts.cachequakeNext(sequence, await first()))!;
        },
        clock,
        random,
        log,
        parameters,
        instance,
        ttlMs,
      });
      service = {
        ...made,
        async close() {
          await made.close();
          for (const stream of streams.values()) stream.close();
          await outbox?.close();
        },
      };
      return service;
    },
    register(app) {
      app.get('/cachequake/writes', async () => {
        const lagsMs = [...(service?.lagsMs?.() ?? [])].sort((a, b) => a - b);
        const at = (share: number): number | null => lagsMs[Math.ceil(share * lagsMs.length) - 1] ?? null;
        const queues = [...streams.values(), ...(outbox ? [outbox] : [])];
        const dead = await Promise.all(queues.map((one) => one.deadLetters()));
        const answer: WriteSideAnswer = {
          pending: (await service?.pending()) ?? 0,
          deadLetters: dead.reduce((sum, count) => sum + count, 0),
          lossBound: strategy.lossBound?.(parameters) ?? 0,
          lagP50Ms: at(0.5),
          lagP99Ms: at(0.99),
          lagMaxMs: at(1),
        };
        return answer;
      });
    },
  };
}
