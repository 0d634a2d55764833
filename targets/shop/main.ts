/**
 * The entry of one shop instance: environment variables in, one line of JSON on stdout when it accepts requests. Run
 * it by hand with REDIS_URL and DATABASE_URL set and the data seeded.
 */
import { EXIT, HarnessError, messageOf } from '../../harness/contract/errors.ts';
import type { ReadyLine } from '../../harness/contract/target.ts';
import { realClock } from '../../harness/kit/clock.ts';
import { readSettings } from './config.ts';
import { createLog } from './process-log.ts';
import { endGracefully } from './process-life.ts';
import { startShop } from './shop.ts';

/** Longer than the strategies take to write down what is queued. */
const END_LIMIT_MS = 10_000;

try {
  const settings = readSettings(process.env);
  const log = createLog(settings.instance, realClock, (line) => process.stderr.write(`${line}\n`));
  const shop = await startShop(settings, realClock, log);
  endGracefully((reason) => {
    log.info(`ending: ${reason}`);
    return shop.close();
  }, END_LIMIT_MS);
  const ready: ReadyLine = { cachequake: 'ready', port: shop.port };
  process.stdout.write(`${JSON.stringify(ready)}\n`);
} catch (error) {
  const known = error instanceof HarnessError;
  process.stderr.write(`${messageOf(error)}\n${known && error.hint !== undefined ? `${error.hint}\n` : ''}`);
  process.exit(known ? error.exitCode : EXIT.internal);
}
