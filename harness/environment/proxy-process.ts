/**
 * The embedded Toxiproxy in a process of its own, so that its work on the wire is not done by the process that
 * measures, and the proxies of a stack: one per instance and dependency, so that one instance can be cut off alone.
 */
import { join } from 'node:path';
import { HarnessError, messageOf } from '../contract/errors.ts';
import type { StartContext, StartedServer, StartedStack } from '../contract/environment.ts';
import { entryPoint } from '../kit/package-root.ts';
import { connectToxiproxy } from '../toxiproxy/control.ts';
import { bareEnvironment } from './bare-environment.ts';
import { describeExit, type Keeper, type KeptProcess } from './keeper.ts';
import { lastLines } from './log-tail.ts';
import { readyPort } from './ready-line.ts';
import type { Teardown } from './teardown.ts';

const READY_MS = 10_000;

export type Control = ReturnType<typeof connectToxiproxy>;
export type Dependency = 'redis' | 'postgres';

/** Starts the embedded server on a free loopback port. */
export async function startProxyProcess(context: StartContext, keeper: Keeper, teardown: Teardown): Promise<Control> {
  const log = join(context.folder, 'toxiproxy.log');
  let server: KeptProcess;
  try {
    server = await keeper.start('toxiproxy', {
      file: process.execPath,
      args: [
        entryPoint('harness/toxiproxy/main'),
        '--host',
        '127.0.0.1',
        '--port',
        '0',
        '--seed',
        String(context.seed),
      ],
      env: bareEnvironment(),
      cwd: context.folder,
      log,
      orphanSignal: 'SIGKILL',
    });
  } catch (cause) {
    throw new HarnessError('PROXY_FAILED', `the embedded Toxiproxy cannot be started: ${messageOf(cause)}`, { cause });
  }
  teardown.add('the embedded Toxiproxy', () => server.stop('SIGTERM', 1000));
  const port = await server.waitForOutput(readyPort, READY_MS, context.signal);
  if (port === null) {
    const what = server.exit ? describeExit(server.exit) : `was not ready after ${READY_MS / 1000} s`;
    throw new HarnessError(
      'PROXY_FAILED',
      `the embedded Toxiproxy ${what}; its last words:\n${lastLines(server.output())}`,
      {
        hint: `the whole log: ${log}`,
      },
    );
  }
  return connectToxiproxy(`http://127.0.0.1:${port}`);
}

/** A proxy of a stack, with the address that it listens on. */
export interface StackProxy {
  name: string;
  dependency: Dependency;
  /** `redis`, `postgres`, or the name of a store's server. */
  server: string;
  instance: number;
  /** `host:port` as the proxy server said it. */
  listen: string;
}

/**
 * The proxies that a stack of so many instances needs.
 *
 * @param servers names of further servers: those of stores are caches like the Redis, so that its faults hold for them
 *   too; a replica of Postgres is told by its name
 */
export function proxyNames(instances: number, servers: readonly string[] = []): Omit<StackProxy, 'listen'>[] {
  return Array.from({ length: instances }, (_, instance) =>
    ['redis', 'postgres', ...servers].map((server) => ({
      name: `${server}-${instance}`,
      dependency: server.startsWith('postgres') ? ('postgres' as const) : ('redis' as const),
      server,
      instance,
    })),
  ).flat();
}

/**
 * Creates the proxies of a stack.
 *
 * @param upstreams what the proxy dials for each server, by name
 * @param listenOn the address to listen on for each proxy
 */
export async function createProxies(
  control: Control,
  instances: number,
  upstreams: { redis: string; postgres: string } & Record<string, string>,
  listenOn: (proxy: Omit<StackProxy, 'listen'>, index: number) => string,
): Promise<StackProxy[]> {
  return Promise.all(
    proxyNames(
      instances,
      Object.keys(upstreams).filter((name) => name !== 'redis' && name !== 'postgres'),
    ).map(async (proxy, index) => {
      const upstream = upstreams[proxy.server]!;
      const created = await control.create({ name: proxy.name, listen: listenOn(proxy, index), upstream });
      return { ...proxy, listen: created.listen };
    }),
  );
}

/** The same address with another host and port: what a service is told in place of the direct address. */
export function through(directUrl: string, hostAndPort: string): string {
  const url = new URL(directUrl);
  // Setting `host` would keep the old port where the new one is the scheme's default.
  const at = hostAndPort.lastIndexOf(':');
  url.hostname = hostAndPort.slice(0, at);
  url.port = hostAndPort.slice(at + 1);
  return url.href.replace(/\/$/, '');
}

/** What an instance is told. */
export interface InstanceAddresses {
  redisUrl: string;
  postgresUrl: string;
  /** Of the stores, by name. */
  servers?: Readonly<Record<string, string>>;
}

/** The addresses of one instance, through its own proxies. */
export function addressesThrough(
  proxies: readonly StackProxy[],
  direct: { redisUrl: string; postgresUrl: string },
  servers: readonly StartedServer[] = [],
): (instance: number) => InstanceAddresses {
  return (instance) => {
    const listen = (server: string): string => {
      const proxy = proxies.find((each) => each.instance === instance && each.server === server);
      if (!proxy) throw new HarnessError('INTERNAL', `instance ${instance} has no proxy for ${server}`);
      return proxy.listen;
    };
    return {
      redisUrl: through(direct.redisUrl, listen('redis')),
      postgresUrl: through(direct.postgresUrl, listen('postgres')),
      servers: Object.fromEntries(servers.map(({ name, url }) => [name, through(url, listen(name))])),
    };
  };
}

/** The part of the proxies that a started stack shows. */
export function shownProxies(proxies: readonly StackProxy[]): StartedStack['proxies'] {
  return proxies.map(({ name, dependency, instance }) => ({ name, dependency, instance }));
}
