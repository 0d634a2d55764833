/**
 * No servers of ours: for a service that needs none, or that runs already with servers of its own. There is nothing to
 * break and nothing to watch but the requests, so what would be read from Redis or Postgres is unknown.
 */
import { HarnessError } from '../contract/errors.ts';
import type { Environment, StartContext, StartedStack, ToxiproxyControl } from '../contract/environment.ts';
import { Keeper } from './keeper.ts';
import { describeMachine } from './machine.ts';
import { useRunningService } from './running-service.ts';
import { startServiceProcesses } from './service-processes.ts';
import { startOrTakeDown } from './start-together.ts';
import type { Teardown } from './teardown.ts';

function nothing(): Promise<never> {
  return Promise.reject(
    new HarnessError('PROXY_FAILED', 'this run has no proxy: nothing of ours stands before the servers'),
  );
}

/** There is none; putting all of them back is done at once. */
const noProxies: ToxiproxyControl = {
  url: '',
  setEnabled: nothing,
  addToxic: nothing,
  removeToxic: nothing,
  connections: () => Promise.resolve(null),
  reset: () => Promise.resolve(),
};

function startParts(context: StartContext, teardown: Teardown): Promise<StartedStack> {
  if (context.servers.length > 0)
    throw new HarnessError(
      'BAD_PLAN',
      `the store needs ${context.servers.map(({ name }) => name).join(', ')}, and --env none starts no servers`,
    );
  let keeper: Keeper | null = null;
  const keeperOf = (): Keeper => {
    if (keeper) return keeper;
    const started = new Keeper(context.journal);
    teardown.add('the keeper process', () => started[Symbol.asyncDispose]());
    return (keeper = started);
  };
  return Promise.resolve({
    manifest: {
      id: 'none',
      versions: { node: process.version },
      toxiproxy: 'none',
      notes: [
        'No Redis and no Postgres of ours: what would be read from them is unknown, no fault was injected, and whatever the service had cached before the run was still there.',
      ],
      machine: describeMachine(),
    },
    redisUrl: null,
    postgresUrl: null,
    servers: [],
    toxiproxy: noProxies,
    proxies: [],
    restartRedis: null,
    cpuMs: () => Promise.resolve(null),
    startService: (plan, target) => {
      const { command } = target;
      if ('urls' in command) return useRunningService(command.urls, target, context.signal);
      return startServiceProcesses(
        {
          keeper: keeperOf(),
          folder: context.folder,
          signal: context.signal,
          instances: context.instances,
          addresses: () => ({ redisUrl: '', postgresUrl: '', servers: {} }),
        },
        plan,
        target,
      );
    },
    [Symbol.asyncDispose]: () => teardown.run(),
  });
}

export const noEnvironment: Environment = {
  id: 'none',
  title: 'no servers of ours',
  available: () =>
    Promise.resolve({ available: true, reason: 'nothing is started but load generators and the service' }),
  start: (context) => startOrTakeDown(context, startParts),
};
