/**
 * The servers that stores ask for beside the one Redis, as local processes: further Redis servers, replicas, Memcached;
 * and the replica of Postgres where a plan reads from one.
 */
import { join } from 'node:path';
import { HarnessError, messageOf } from '../contract/errors.ts';
import type { StartContext, StartedServer } from '../contract/environment.ts';
import { bareEnvironment } from './bare-environment.ts';
import { memcachedVersion } from './connect-until.ts';
import { findProgram } from './find-program.ts';
import { describeExit, type Keeper } from './keeper.ts';
import { lastLines } from './log-tail.ts';
import { startLocalPostgres } from './postgres-local.ts';
import { PORT_ATTEMPTS, randomPort } from './random-port.ts';
import { startLocalRedis } from './redis-local.ts';
import { allOrThrow } from './start-together.ts';
import type { Teardown } from './teardown.ts';

const READY_MS = 5000;

export interface LocalServer extends StartedServer {
  /** What a proxy in front of it dials. */
  upstream: string;
}

/**
 * Starts them side by side.
 *
 * @param primaries the Redis and the Postgres that replicas follow
 * @throws HarnessError `MEMCACHED_MISSING` with the command that installs it, `MEMCACHED_FAILED`, `REDIS_FAILED`,
 *   `POSTGRES_FAILED`
 */
export function startLocalServers(
  context: StartContext,
  keeper: Keeper,
  teardown: Teardown,
  primaries: { redisUrl: string; postgresUrl: string },
): Promise<LocalServer[]> {
  return allOrThrow(
    context.servers.map(async ({ name, kind }): Promise<LocalServer> => {
      if (kind === 'memcached') {
        const url = await startMemcached(context, keeper, teardown, name);
        return { name, kind, url, upstream: new URL(url).host };
      }
      if (kind === 'postgres-replica') {
        const replica = { name, primaryUrl: primaries.postgresUrl };
        const { url, upstream } = await startLocalPostgres(context, keeper, teardown, randomPort, replica);
        return { name, kind, url, upstream };
      }
      const replicaOf = kind === 'redis-replica' ? primaries.redisUrl : null;
      const { url, upstream } = await startLocalRedis(context, keeper, teardown, randomPort, { name, replicaOf });
      return { name, kind, url, upstream };
    }),
  );
}

/**
 * The machine's memcached.
 *
 * @returns its path
 * @throws HarnessError `MEMCACHED_MISSING` with the command that installs it
 */
export function findMemcached(): string {
  const file = findProgram('memcached');
  if (file !== null) return file;
  throw new HarnessError('MEMCACHED_MISSING', 'there is no memcached on the PATH', {
    hint: 'install it, on Debian and Ubuntu with: sudo apt-get install memcached; or use --env docker, or a store that needs none: --store redis',
  });
}

async function startMemcached(
  context: StartContext,
  keeper: Keeper,
  teardown: Teardown,
  name: string,
): Promise<string> {
  const file = findMemcached();
  const log = join(context.folder, `${name}.log`);
  for (let attempt = 1; attempt <= PORT_ATTEMPTS; attempt += 1) {
    context.signal.throwIfAborted();
    const port = randomPort();
    // It refuses to run as root without being told to.
    const user = process.getuid?.() === 0 ? ['-u', 'root'] : [];
    const args = ['-l', '127.0.0.1', '-p', String(port), '-U', '0', '-c', '4096', ...user];
    const server = await keeper
      .start(name, { file, args, env: bareEnvironment(), cwd: context.folder, log, orphanSignal: 'SIGKILL' })
      .catch((cause: unknown) => {
        throw new HarnessError('MEMCACHED_FAILED', `${file} cannot be started: ${messageOf(cause)}`, { cause });
      });
    teardown.add(`Memcached ${name}`, () => server.stop('SIGTERM', 1000));
    const url = `memcached://127.0.0.1:${port}`;
    try {
      const hopeless = (): Promise<boolean> => Promise.resolve(server.exit !== null);
      await memcachedVersion({ url, signal: context.signal, timeoutMs: READY_MS, hopeless });
      return url;
    } catch (cause) {
      if (server.exit && /Address already in use/i.test(server.output())) continue;
      const what = server.exit ? describeExit(server.exit) : `did not answer: ${messageOf(cause)}`;
      throw new HarnessError('MEMCACHED_FAILED', `Memcached ${what}; its last words:\n${lastLines(server.output())}`, {
        cause,
        hint: `the whole log: ${log}`,
      });
    }
  }
  throw new HarnessError('PORT_TAKEN', `none of ${PORT_ATTEMPTS} ports drawn for Memcached was free`);
}
