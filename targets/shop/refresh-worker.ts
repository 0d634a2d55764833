/**
 * The process that keeps values fresh beside the instances, for the defence `external-refresh`. It reads the same
 * settings as an instance and goes through the same stack, so that jitter, locks and versions hold for it as well.
 */
import { EXIT, HarnessError, messageOf } from '../../harness/contract/errors.ts';
import type { ReadyLine } from '../../harness/contract/target.ts';
import { realClock } from '../../harness/kit/clock.ts';
import { seededRandom } from '../../harness/kit/random.ts';
import externalRefresh from '../defences/external-refresh.ts';
import { runRefresher } from '../defences/_refresher.ts';
import { createReader } from '../reader/create-reader.ts';
import { createRedisClient } from '../stores/redis.ts';
import { readSettings } from './config.ts';
import { createPool } from './database.ts';
import { loadStack, loadStore } from './load-parts.ts';
import { createRedisMailbox } from './mailbox.ts';
import { endGracefully } from './process-life.ts';
import { createLog } from './process-log.ts';
import { createPageLoader, type ProductPage } from './product-page.ts';

const WHO = 'refresher';
const END_LIMIT_MS = 5000;

try {
  const settings = readSettings(process.env);
  const log = createLog(WHO, realClock, (line) => process.stderr.write(`${line}\n`));
  const stack = await loadStack(settings.stack);
  const mine = stack.find(({ defence }) => defence.id === externalRefresh.id);
  const parameters = externalRefresh.parameters.parse(mine?.parameters ?? {});
  const pool = createPool(settings.readDatabaseUrl ?? settings.databaseUrl, {
    max: parameters.maxConcurrent,
    timeoutMs: settings.postgresTimeoutMs,
    name: WHO,
    log,
  });
  const redis = createRedisClient(settings.redisUrl, settings.redisTimeoutMs);
  const chosen = await loadStore(settings.store);
  const opened = await chosen.kind.open({
    redis,
    servers: settings.servers,
    timeoutMs: settings.redisTimeoutMs,
    clock: realClock,
    log,
    instance: WHO,
    parameters: chosen.parameters,
  });
  const reader = createReader<ProductPage>({
    stack,
    store: opened.store,
    clock: realClock,
    random: seededRandom(settings.seed, WHO),
    log,
    instance: WHO,
    ttlMs: settings.ttlMs,
    loader: createPageLoader(pool, settings.cost, settings.payloadBytes),
    onLoad: () => {},
  });
  await reader.start();
  const stop = new AbortController();
  const done = runRefresher(
    {
      clock: realClock,
      log,
      store: opened.store,
      mailbox: createRedisMailbox(redis),
      refresh: (key) => reader.refresh(key),
      who: `${WHO}/${process.pid}`,
      parameters,
    },
    stop.signal,
  );
  endGracefully(async (reason) => {
    stop.abort(new Error(reason));
    const { expiry, period, miss } = await done;
    log.info(`ending: ${reason}; refreshed ${expiry} near expiry, ${period} on the period, ${miss} missed`);
    await reader.close();
    await opened.close();
    redis.disconnect();
    await pool.end();
  }, END_LIMIT_MS);
  const ready: ReadyLine = { cachequake: 'ready', port: 0 };
  process.stdout.write(`${JSON.stringify(ready)}\n`);
} catch (error) {
  const known = error instanceof HarnessError;
  process.stderr.write(`${messageOf(error)}\n${known && error.hint !== undefined ? `${error.hint}\n` : ''}`);
  process.exit(known ? error.exitCode : EXIT.internal);
}
