/**
 * The local environment: real servers as local processes, for machines without containers. Postgres comes from the
 * npm registry, Redis from the machine, and the embedded server stands in for Toxiproxy.
 */
import { HarnessError, messageOf } from '../contract/errors.ts';
import type { Availability, Environment, ServerStack, StartContext } from '../contract/environment.ts';
import { packageVersion } from '../kit/package-root.ts';
import { findNginx, startLocalEdge } from './edge-local.ts';
import { type EdgeStarter, startBehindEdge } from './edge-service.ts';
import { Keeper } from './keeper.ts';
import { describeMachine } from './machine.ts';
import { findPostgres } from './postgres-binaries.ts';
import { startLocalPostgres } from './postgres-local.ts';
import { durabilityNote } from './postgres-settings.ts';
import { processCpuMs } from './process-cpu.ts';
import { addressesThrough, createProxies, shownProxies, startProxyProcess } from './proxy-process.ts';
import { findRedis, startLocalRedis } from './redis-local.ts';
import { startServiceProcesses } from './service-processes.ts';
import { allOrThrow, startOrTakeDown } from './start-together.ts';
import { startLocalServers } from './store-servers-local.ts';
import type { Teardown } from './teardown.ts';

async function available(): Promise<Availability> {
  try {
    const [redis, postgres] = await Promise.all([findRedis(), findPostgres()]);
    return { available: true, reason: `${redis.title} and PostgreSQL ${postgres.version} run as local processes` };
  } catch (error) {
    const hint = error instanceof HarnessError ? error.hint : undefined;
    return { available: false, reason: messageOf(error), ...(hint === undefined ? {} : { hint }) };
  }
}

async function startParts(context: StartContext, teardown: Teardown): Promise<ServerStack> {
  const keeper = new Keeper(context.journal);
  teardown.add('the keeper process', () => keeper[Symbol.asyncDispose]());
  context.progress('starting Redis, Postgres and the embedded Toxiproxy as local processes');
  const [redis, postgres, control] = await allOrThrow([
    startLocalRedis(context, keeper, teardown),
    startLocalPostgres(context, keeper, teardown),
    startProxyProcess(context, keeper, teardown),
  ]);
  const servers = await startLocalServers(context, keeper, teardown, {
    redisUrl: redis.url,
    postgresUrl: postgres.url,
  });
  const upstreams = {
    redis: redis.upstream,
    postgres: postgres.upstream,
    ...Object.fromEntries(servers.map(({ name, upstream }) => [name, upstream])),
  };
  const proxies = await createProxies(control, context.instances, upstreams, () => '127.0.0.1:0');
  const pids = { redis: () => redis.current().pid, postgres: () => postgres.process.pid };
  const edge: EdgeStarter = {
    find: findNginx,
    start: (planned, service) =>
      startLocalEdge(
        context,
        keeper,
        planned,
        service.instances.map(({ url }) => url),
      ),
  };
  return {
    manifest: {
      id: 'local',
      versions: {
        redis: redis.version,
        postgres: postgres.version,
        toxiproxy: `embedded (cachequake ${packageVersion()})`,
        node: process.version,
      },
      toxiproxy: 'embedded',
      notes: [
        'The servers, the service and the load share the cores of one machine.',
        'The proxies reach the servers through Unix sockets where they can, which costs those cores less.',
        durabilityNote(servers),
        ...postgres.notes,
      ],
      machine: describeMachine(),
    },
    redisUrl: redis.url,
    postgresUrl: postgres.url,
    servers,
    toxiproxy: control,
    proxies: shownProxies(proxies),
    restartRedis: redis.restart,
    cpuMs: (part) => Promise.resolve(processCpuMs(pids[part]())),
    startService: (plan, target) =>
      startBehindEdge(plan, edge, () =>
        startServiceProcesses(
          {
            keeper,
            folder: context.folder,
            signal: context.signal,
            instances: context.instances,
            addresses: addressesThrough(proxies, { redisUrl: redis.url, postgresUrl: postgres.url }, servers),
          },
          plan,
          target,
        ),
      ),
    [Symbol.asyncDispose]: () => teardown.run(),
  };
}

export const localEnvironment: Environment<ServerStack> = {
  id: 'local',
  title: 'local processes',
  available,
  start: (context) => startOrTakeDown(context, startParts),
};
