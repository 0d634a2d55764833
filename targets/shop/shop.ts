/**
 * Puts one instance together: settings in, a listening shop out. Dependencies that are away at the start are no
 * reason not to start: that a service comes up while its cache is down is one of the things to be tested.
 */
import { once } from 'node:events';
import Fastify from 'fastify';
import type { FastifyError } from 'fastify';
import type { Redis } from 'ioredis';
import { messageOf } from '../../harness/contract/errors.ts';
import type { StockContext, StockService } from '../../harness/contract/stock.ts';
import type { Clock, Log } from '../../harness/contract/time.ts';
import type { WorkloadService } from '../../harness/contract/workload.ts';
import { seededRandom } from '../../harness/kit/random.ts';
import { createReader, type Reader } from '../reader/create-reader.ts';
import { createRedisClient } from '../stores/redis.ts';
import { createUserLimit } from '../stock/_user-limit.ts';
import { createAttendance, registerAttendance } from './attendance.ts';
import type { BrokenService } from './broken.ts';
import type { ShopSettings } from './config.ts';
import { registerCreation } from './create-route.ts';
import { createPool } from './database.ts';
import { registerHarness } from './harness-routes.ts';
import { knownKeys } from './known-keys.ts';
import { createLoadLog } from './load-log.ts';
import { loadBroken, loadStack, loadStock, loadStore, loadWorkload } from './load-parts.ts';
import { createRedisMailbox } from './mailbox.ts';
import { createMetrics } from './metrics.ts';
import { createPreload } from './preload.ts';
import { openWriteSide } from './write-side.ts';
import { createPageLoader } from './product-page.ts';
import type { ProductPage } from './product-page.ts';
import { registerProducts, timed } from './product-routes.ts';
import { registerPurchases } from './purchase-route.ts';
import { registerWorkload } from './workload-routes.ts';

const SWEEP_MS = 20;

interface RunningShop {
  port: number;
  /** Answers what is under way, moves queued orders, closes connections. */
  close(): Promise<void>;
}

/**
 * Starts an instance. Resolves when it accepts requests and the first try to reach Redis and Postgres has ended.
 *
 * @throws HarnessError where a named part does not exist or does not fit; the listen error where the port is taken
 */
export async function startShop(settings: ShopSettings, clock: Clock, log: Log): Promise<RunningShop> {
  const stack = await loadStack(settings.stack);
  const broken = settings.broken === null ? null : await loadBroken(settings.broken);
  const chosenStock = settings.stock === null ? null : await loadStock(settings.stock);

  const limits = { max: settings.postgresPool, timeoutMs: settings.postgresTimeoutMs, name: settings.instance, log };
  const pool = createPool(settings.databaseUrl, limits);
  // Pages that are read come from the replica; whoever writes asks the primary, which alone knows what is newest.
  const readPool = settings.readDatabaseUrl === null ? pool : createPool(settings.readDatabaseUrl, limits);
  const redis = createRedisClient(settings.redisUrl, settings.redisTimeoutMs);
  redis.on('error', (error: Error) => log.warn(`redis: ${error.message}`));
  const { instance, ttlMs, cost } = settings;
  const chosenStore = await loadStore(settings.store);
  const opened = await chosenStore.kind.open({
    redis,
    servers: settings.servers,
    timeoutMs: settings.redisTimeoutMs,
    clock,
    log,
    instance,
    parameters: chosenStore.parameters,
  });
  const { store } = opened;
  const context = { store, clock, log, instance, ttlMs };

  const loads = createLoadLog();
  const metrics = createMetrics(pool, loads);
  const loader = createPageLoader(readPool, cost, settings.payloadBytes);
  const writeSide = await openWriteSide(settings, {
    pool,
    redis,
    loader: readPool === pool ? loader : createPageLoader(pool, cost, settings.payloadBytes),
    clock,
    random: seededRandom(settings.seed, `${instance}/writes`),
    log,
  });
  const reader = createReader<ProductPage>({
    ...context,
    store: writeSide.readerStore(store),
    stack,
    random: seededRandom(settings.seed, instance),
    loader: loads.watch(timed(loader)),
    onLoad: (event) => loads.record(event),
    knownKeys: () => knownKeys(pool),
    mailbox: createRedisMailbox(redis),
  });
  const attendance = createAttendance(stack, reader, pool, {
    ...context,
    random: seededRandom(settings.seed, `${instance}/attendance`),
  });
  const preload = createPreload({ pool: readPool, cost, payloadBytes: settings.payloadBytes, loader, reader, clock });

  await reader.start();
  const [firstRedis, firstPostgres] = await Promise.allSettled([
    firstTry(redis),
    Promise.all([...new Set([pool, readPool])].map((one) => one.query('SELECT 1'))),
  ]);
  if (firstRedis.status === 'rejected') log.warn(`redis is away at the start: ${messageOf(firstRedis.reason)}`);
  if (firstPostgres.status === 'rejected')
    log.warn(`postgres is away at the start: ${messageOf(firstPostgres.reason)}`);

  const writes = await writeSide.start(reader);

  let stock: StockService | null = null;
  if (chosenStock !== null) {
    const { strategy, parameters } = chosenStock;
    const { purchasesPerUser } = settings;
    const stockContext = { redis, postgres: pool, clock, log, parameters, instance, purchasesPerUser };
    stock = withFault(broken, await strategy.create(stockContext), stockContext);
  }

  const readers: Reader<unknown>[] = [];
  let workload: WorkloadService | null = null;
  if (settings.workload !== null) {
    const chosen = await loadWorkload(settings.workload);
    workload = await chosen.workload.create({
      redis,
      postgres: pool,
      clock,
      random: seededRandom(settings.seed, `${instance}/workload`),
      log,
      parameters: chosen.parameters,
      instance,
      index: settings.index,
      instances: settings.instances,
      ttlMs,
      reader: (itsLoader, itsTtlMs = ttlMs) => {
        const made = createReader({
          ...context,
          ttlMs: itsTtlMs,
          stack,
          random: seededRandom(settings.seed, `${instance}/workload/${readers.length}`),
          loader: loads.watch(itsLoader),
          onLoad: (event) => loads.record(event),
        });
        readers.push(made);
        return made;
      },
    });
    await Promise.all(readers.map((one) => one.start()));
  }

  const app = Fastify({ logger: false, keepAliveTimeout: 75_000, forceCloseConnections: 'idle' });
  app.setErrorHandler<FastifyError>((error, _incoming, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 500) log.warn(`request failed: ${messageOf(error)}`);
    return reply.code(status).send({ error: status >= 500 ? 'internal error' : error.message });
  });
  app.addHook('onResponse', (incoming, reply, done) => {
    metrics.request(
      incoming.routeOptions.url ?? 'unknown',
      reply.statusCode,
      reply.elapsedTime,
      Number(reply.getHeader('content-length') ?? 0),
    );
    done();
  });
  const { read } = attendance;
  registerProducts(app, {
    read: broken?.reads?.(read) ?? read,
    writes: attendance.over(broken?.writes?.(writes) ?? writes),
    metrics,
    log,
    cacheControl: settings.cacheControl,
  });
  registerAttendance(app, attendance);
  registerCreation(app, { reader, pool, log });
  const { perUserPerSec } = settings;
  const limit = perUserPerSec === null ? null : createUserLimit(redis, perUserPerSec);
  registerPurchases(app, { stock, limit, metrics, log });
  const pending = async (): Promise<number> => {
    const counts = await Promise.all([stock, writes, workload].map(async (part) => (await part?.pending?.()) ?? 0));
    return counts.reduce((sum, count) => sum + count, 0);
  };
  if (workload !== null) registerWorkload(app, { workload, metrics, log });
  writeSide.register(app);
  registerHarness(app, { clock, loads, metrics, pending, preload });

  const closeParts = async (): Promise<void> => {
    await attendance.close();
    await Promise.all([reader, ...readers].map((one) => one.close().catch(() => undefined)));
    await workload?.close();
    await stock?.close();
    await writes.close();
    await opened.close();
    metrics.close();
    redis.disconnect();
    await pool.end();
    if (readPool !== pool) await readPool.end();
  };
  await attendance.beforeTraffic();
  try {
    await app.listen({ host: settings.host, port: settings.port });
  } catch (error) {
    await closeParts();
    throw error;
  }
  metrics.eventLoopDelay(); // what starting took is nobody's latency
  const address = app.server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : settings.port,
    async close() {
      // A connection that falls idle after its last answer would otherwise be held open for its keep-alive time.
      const sweep = setInterval(() => app.server.closeIdleConnections(), SWEEP_MS);
      await app.close();
      clearInterval(sweep);
      await closeParts();
    },
  };
}

/** Resolves when the client is connected; rejects when its first try has failed. It goes on trying either way. */
async function firstTry(redis: Redis): Promise<void> {
  if (redis.status === 'ready') return;
  const ended = new AbortController();
  try {
    await Promise.race([
      once(redis, 'ready', { signal: ended.signal }),
      once(redis, 'close', { signal: ended.signal }).then(() => {
        throw new Error('no connection');
      }),
    ]);
  } finally {
    ended.abort();
  }
}

function withFault(broken: BrokenService | null, stock: StockService, context: StockContext<unknown>): StockService {
  return broken?.sells?.(stock, context) ?? stock;
}
