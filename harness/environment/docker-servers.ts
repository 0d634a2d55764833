/** Redis, Postgres and the proxy server as containers, ready to be used when the functions here return. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { HarnessError, messageOf, type ErrorCode } from '../contract/errors.ts';
import type { StartContext } from '../contract/environment.ts';
import type { ServerNeed } from '../contract/store-kind.ts';
import { entryPoint, packageRoot } from '../kit/package-root.ts';
import { connectToxiproxy } from '../toxiproxy/control.ts';
import { memcachedVersion, postgresVersion, redisVersion } from './connect-until.ts';
import {
  startContainer,
  type ContainerSpec,
  type ContainerSurroundings,
  type OwnContainer,
} from './docker-container.ts';
import type { FoundImage } from './docker-engine.ts';
import { mountsFor } from './docker-mounts.ts';
import { isReplicated, maxConnections, postgresArguments, REPLICATION } from './postgres-settings.ts';
import { DATABASE, DATABASE_USER } from './postgres-template.ts';
import type { Control } from './proxy-process.ts';
import { PORT_ATTEMPTS, randomPort } from './random-port.ts';
import { waitUntilReady } from './ready.ts';
import type { Teardown } from './teardown.ts';

const TOXIPROXY_PORT = 8474;
const MEMCACHED_PORT = 11_211;
/** What a server listens on inside its container. */
export const PORT_INSIDE: Readonly<Record<ServerNeed['kind'], number>> = {
  redis: 6379,
  'redis-replica': 6379,
  memcached: MEMCACHED_PORT,
  'postgres-replica': 5432,
};
const PROXY_READY_MS = 20_000;

export interface Parts {
  context: StartContext;
  around: ContainerSurroundings;
  teardown: Teardown;
}

/** Starts a container, adds its removal to the teardown, and takes the engine's error for the part's own. */
export async function startPart(parts: Parts, code: ErrorCode, spec: ContainerSpec): Promise<OwnContainer> {
  try {
    const container = await startContainer(parts.around, spec);
    parts.teardown.add(`the container ${spec.alias}`, () => container.remove());
    return container;
  } catch (cause) {
    throw new HarnessError(code, `the container ${spec.alias} (${spec.image}) cannot be started: ${messageOf(cause)}`, {
      cause,
    });
  }
}

/** Waits for a server, and says what it last wrote where it does not come. */
export async function awaitPart<T>(
  container: OwnContainer,
  code: ErrorCode,
  title: string,
  wait: Promise<T>,
  log: string,
): Promise<T> {
  try {
    return await wait;
  } catch (cause) {
    const words = await container.lastWords().catch(messageOf);
    throw new HarnessError(code, `${title} does not answer: ${messageOf(cause)}; its last words:\n${words}`, {
      cause,
      hint: `the whole log: ${log}`,
    });
  }
}

/** The container's end makes waiting useless; so does one that the engine does not know any more. */
export const hasEnded = (container: OwnContainer) => async (): Promise<boolean> =>
  !(await container.isRunning().catch(() => false));

export interface DockerRedis {
  url: string;
  container: OwnContainer;
  version: string;
  restart(): Promise<void>;
}

/**
 * Redis on a loopback port that stays the same over restarts; the engine's own choice would change with each start.
 *
 * @param drawPort the next port to try
 * @param options `name` in the network and of its log; `replica`: follows the server `redis`
 * @throws HarnessError `REDIS_FAILED`
 */
export async function startRedisContainer(
  parts: Parts,
  image: FoundImage,
  drawPort = randomPort,
  { name = 'redis', replica = false }: { name?: string; replica?: boolean } = {},
): Promise<DockerRedis> {
  const { context } = parts;
  const log = join(context.folder, `${name}.log`);
  // Official images say their version; DEBUG must be enabled at start since Redis 7, and is unknown to 6.
  const isOld = Number(image.environment.REDIS_VERSION?.split('.')[0] ?? 7) < 7;
  const debug = isOld ? [] : ['--enable-debug-command', 'yes'];
  const command = ['redis-server', '--save', '', '--appendonly', 'no', '--maxclients', '4096', ...debug];
  if (replica) command.push('--replicaof', 'redis', '6379', '--repl-diskless-sync-delay', '0');
  for (let attempt = 1; attempt <= PORT_ATTEMPTS; attempt += 1) {
    const port = drawPort();
    let container: OwnContainer;
    try {
      container = await startPart(parts, 'REDIS_FAILED', {
        image: image.name,
        alias: name,
        command,
        ports: { 6379: port },
        log,
      });
    } catch (error) {
      if (/port is already allocated|address already in use/i.test(messageOf(error))) continue;
      throw error;
    }
    const url = `redis://127.0.0.1:${port}`;
    const ready = (signal: AbortSignal): Promise<string> =>
      awaitPart(container, 'REDIS_FAILED', 'Redis', redisVersion({ url, signal, hopeless: hasEnded(container) }), log);
    const version = await ready(context.signal);
    return {
      url,
      container,
      version: `${version} (image ${image.shown})`,
      restart: async () => {
        // Without persistence SIGKILL is as good as SHUTDOWN NOSAVE, and it also ends a server that is frozen.
        await container.stop(0);
        await container.start();
        await ready(new AbortController().signal);
      },
    };
  }
  throw new HarnessError('PORT_TAKEN', `none of ${PORT_ATTEMPTS} ports drawn for Redis was free`);
}

/**
 * Postgres with the benchmark's settings and pg_stat_statements.
 *
 * @throws HarnessError `POSTGRES_FAILED`
 */
export async function startPostgresContainer(
  parts: Parts,
  image: FoundImage,
): Promise<{ url: string; container: OwnContainer; version: string; notes: string[] }> {
  const { context } = parts;
  const log = join(context.folder, 'postgres.log');
  const password = randomBytes(18).toString('base64url');
  const replicated = isReplicated(context.servers);
  const container = await startPart(parts, 'POSTGRES_FAILED', {
    image: image.name,
    alias: 'postgres',
    environment: {
      POSTGRES_USER: DATABASE_USER,
      POSTGRES_PASSWORD: password,
      POSTGRES_DB: DATABASE,
      POSTGRES_INITDB_ARGS: '--no-sync',
    },
    command: [
      'postgres',
      ...postgresArguments({ ...maxConnections(context.instances), ...(replicated && REPLICATION) }),
    ],
    ports: { 5432: 0 },
    log,
  });
  const url = `postgres://${DATABASE_USER}:${password}@127.0.0.1:${container.port(5432)}/${DATABASE}`;
  const waiting = postgresVersion({ url, signal: context.signal, hopeless: hasEnded(container) });
  const { version, statementsProblem } = await awaitPart(container, 'POSTGRES_FAILED', 'Postgres', waiting, log);
  const notes = statementsProblem === null ? [] : [`pg_stat_statements cannot be read: ${statementsProblem}.`];
  return { url, container, version: `${version} (image ${image.shown})`, notes };
}

/**
 * The proxy server: Toxiproxy's image, or the embedded server in a Node container where that image cannot be had.
 *
 * @throws HarnessError `PROXY_FAILED`
 */
export async function startProxyContainer(
  parts: Parts,
  toxiproxy: FoundImage | null,
  node: FoundImage,
): Promise<Control> {
  const { context } = parts;
  const log = join(context.folder, 'toxiproxy.log');
  const embedded = {
    image: node.name,
    entrypoint: ['node'],
    command: [
      entryPoint('harness/toxiproxy/main'),
      '--host',
      '0.0.0.0',
      '--port',
      String(TOXIPROXY_PORT),
      '--seed',
      String(context.seed),
    ],
    mounts: mountsFor(null),
    workingFolder: packageRoot,
  };
  const container = await startPart(parts, 'PROXY_FAILED', {
    ...(toxiproxy === null ? embedded : { image: toxiproxy.name }),
    alias: 'toxiproxy',
    ports: { [TOXIPROXY_PORT]: 0 },
    log,
  });
  let ended = false;
  void container.exited.then(() => {
    ended = true;
  });
  const url = `http://127.0.0.1:${container.port(TOXIPROXY_PORT)}`;
  const answer = await waitUntilReady(`${url}/version`, PROXY_READY_MS, () => ended, context.signal);
  if (!answer.ready)
    throw new HarnessError(
      'PROXY_FAILED',
      `Toxiproxy does not answer (${answer.last}); its last words:\n${await container.lastWords()}`,
      {
        hint: `the whole log: ${log}`,
      },
    );
  return connectToxiproxy(url);
}

/**
 * Memcached on a loopback port.
 *
 * @throws HarnessError `MEMCACHED_FAILED`
 */
export async function startMemcachedContainer(
  parts: Parts,
  image: FoundImage,
  name: string,
  drawPort = randomPort,
): Promise<string> {
  const log = join(parts.context.folder, `${name}.log`);
  for (let attempt = 1; attempt <= PORT_ATTEMPTS; attempt += 1) {
    const port = drawPort();
    let container: OwnContainer;
    try {
      container = await startPart(parts, 'MEMCACHED_FAILED', {
        image: image.name,
        alias: name,
        command: ['memcached', '-U', '0', '-c', '4096'],
        ports: { [MEMCACHED_PORT]: port },
        log,
      });
    } catch (error) {
      if (/port is already allocated|address already in use/i.test(messageOf(error))) continue;
      throw error;
    }
    const url = `memcached://127.0.0.1:${port}`;
    const { signal } = parts.context;
    const version = memcachedVersion({ url, signal, hopeless: hasEnded(container) });
    await awaitPart(container, 'MEMCACHED_FAILED', 'Memcached', version, log);
    return url;
  }
  throw new HarnessError('PORT_TAKEN', `none of ${PORT_ATTEMPTS} ports drawn for Memcached was free`);
}
