/** Instances of one workload on a real Redis and a real Postgres, for the tests of this folder. */
import type { Redis } from 'ioredis';
import pg from 'pg';
import { afterAll, afterEach, beforeAll } from 'vitest';
import type { OperationId } from '../../harness/contract/operation.ts';
import type { Workload, WorkloadAnswer, WorkloadService } from '../../harness/contract/workload.ts';
import { realClock } from '../../harness/kit/clock.ts';
import { seededRandom } from '../../harness/kit/random.ts';
import { createReader } from '../reader/create-reader.ts';
import { seedShop } from '../shop/schema.ts';
import { startPostgres, startRedis, type TestPostgres, type TestRedis } from '../shop/test-support.ts';
import { createRedisClient, createRedisStore } from '../stores/redis.ts';

export interface RunningWorkload {
  /** Asks one of the instances, in turn. */
  ask(operation: OperationId, key: number, id?: string): Promise<WorkloadAnswer>;
  services: WorkloadService[];
  redis: Redis;
  postgres: pg.Pool;
  /** Loads through readers so far, by key. */
  loads: string[];
  audit(): Promise<Record<string, number>>;
  close(): Promise<void>;
}

export interface WorkloadBench {
  start(workload: Workload, parameters: Record<string, unknown>, ttlMs?: number): Promise<RunningWorkload>;
}

/** Starts the servers before the tests of a file, and stops what they left after each and at the end. */
export function useWorkloadBench(): WorkloadBench {
  let servers: { redis: TestRedis; postgres: TestPostgres };
  const open: RunningWorkload[] = [];
  beforeAll(async () => {
    const [redis, postgres] = await Promise.all([startRedis(), startPostgres()]);
    servers = { redis, postgres };
    const cost = { kind: 'cpu' } as const;
    await seedShop({ products: 20, reviewsPerProduct: 3, stock: 5, cost, preloadKeys: 0 }, postgres.sql);
  }, 120_000);
  afterEach(async () => {
    for (const one of open.splice(0)) await one.close();
  });
  afterAll(async () => {
    await Promise.all([servers.redis.stop(), servers.postgres.stop()]);
  });

  return {
    async start(workload, given, ttlMs = 60_000) {
      const parameters = workload.parameters.parse(given);
      await workload.seed(parameters, servers.postgres.sql);
      const redis = createRedisClient(servers.redis.url, 2_000);
      const postgres = new pg.Pool({ connectionString: servers.postgres.url, max: 20 });
      postgres.on('error', () => {});
      const log = { info: () => {}, warn: () => {} };
      await new Promise<void>((resolve) => void redis.once('ready', resolve));
      await redis.flushall();
      const loads: string[] = [];
      const services = await Promise.all(
        [0, 1].map((index) =>
          workload.create({
            redis,
            postgres,
            clock: realClock,
            random: seededRandom(1, `workload-${index}`),
            log,
            parameters,
            instance: `shop-${index}`,
            index,
            instances: 2,
            ttlMs,
            reader: (loader, itsTtlMs = ttlMs) =>
              createReader({
                stack: [],
                store: createRedisStore(redis),
                clock: realClock,
                random: seededRandom(1, 'reader'),
                log,
                instance: `shop-${index}`,
                ttlMs: itsTtlMs,
                loader: (key, signal) => {
                  loads.push(key);
                  return loader(key, signal);
                },
                onLoad: () => {},
              }),
          }),
        ),
      );
      let asked = 0;
      let closed = false;
      const running: RunningWorkload = {
        ask: (operation, key, id = `id-${asked}`) =>
          services[asked++ % services.length]!.handlers[operation]!({ key, user: 0, id }),
        services,
        redis,
        postgres,
        loads,
        audit: async () => (await workload.audit!(parameters, servers.postgres.sql)).figures,
        async close() {
          if (closed) return;
          closed = true;
          await Promise.all(services.map((service) => service.close()));
          redis.disconnect();
          await postgres.end();
        },
      };
      open.push(running);
      return running;
    },
  };
}

/** So many requests at once. */
export function burst(running: RunningWorkload, count: number, operation: OperationId, key = 0) {
  return Promise.all(Array.from({ length: count }, (_, i) => running.ask(operation, key, `burst-${i}`)));
}
