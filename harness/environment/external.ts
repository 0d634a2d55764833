/**
 * The external environment: a Redis and a Postgres that are already there. A run empties the one and rewrites a schema
 * in the other, so it refuses to start until it is told that this is wanted. Proxies and services are local processes;
 * an existing Toxiproxy is used where its address is given.
 */
import { HarnessError, messageOf } from '../contract/errors.ts';
import type {
  Availability,
  Environment,
  EnvironmentOptions,
  ServerStack,
  StartContext,
} from '../contract/environment.ts';
import { packageVersion } from '../kit/package-root.ts';
import { redact } from '../kit/redact.ts';
import { postgresVersion, redisVersion } from './connect-until.ts';
import { externalProxies } from './external-proxies.ts';
import { Keeper } from './keeper.ts';
import { describeMachine } from './machine.ts';
import { addressesThrough, createProxies, shownProxies, startProxyProcess } from './proxy-process.ts';
import { startServiceProcesses } from './service-processes.ts';
import { allOrThrow, startOrTakeDown } from './start-together.ts';
import type { Teardown } from './teardown.ts';

interface Addresses {
  redisUrl: string;
  postgresUrl: string;
}

function isUrl(text: string, schemes: readonly string[]): boolean {
  return URL.canParse(text) && schemes.includes(new URL(text).protocol);
}

/**
 * The two addresses.
 *
 * @throws HarnessError `USAGE` where one is missing or is not an address of that kind
 */
function addresses(options: EnvironmentOptions): Addresses {
  const { redisUrl, postgresUrl } = options;
  if (redisUrl === null || postgresUrl === null)
    throw new HarnessError('USAGE', 'the external environment needs the addresses of a Redis and a Postgres', {
      hint: 'give --redis-url and --postgres-url, or choose --env docker or --env local',
    });
  if (!isUrl(redisUrl, ['redis:']))
    throw new HarnessError('USAGE', `'${redact(redisUrl)}' is not the address of a Redis`, {
      hint: 'it looks like redis://user:password@host:6379/0 (the proxies cannot look into rediss://)',
    });
  if (!isUrl(postgresUrl, ['postgres:', 'postgresql:']))
    throw new HarnessError('USAGE', `'${redact(postgresUrl)}' is not the address of a Postgres`, {
      hint: 'it looks like postgres://user:password@host:5432/database',
    });
  return { redisUrl, postgresUrl };
}

/** What a run does to what is there, without passwords. */
function whatWouldHappen({ redisUrl, postgresUrl }: Addresses, toxiproxyUrl: string | null): string[] {
  const database = new URL(postgresUrl).pathname.slice(1) || 'the default database';
  return [
    `empty all of the Redis at ${redact(redisUrl)} (FLUSHALL) and break it on purpose while faults are active`,
    `create, fill and overwrite the schema shop in the database ${database} at ${redact(postgresUrl)}, or do there what the seed of your own target does, and reset its pg_stat_statements`,
    ...(toxiproxyUrl === null
      ? []
      : [`create proxies on the Toxiproxy at ${redact(toxiproxyUrl)} and reset all of its proxies`]),
  ];
}

function refuseUnlessAllowed(found: Addresses, options: EnvironmentOptions): void {
  if (options.allowDestructive) return;
  const list = whatWouldHappen(found, options.toxiproxyUrl).map((each) => `  - ${each}`);
  throw new HarnessError('REFUSED_DESTRUCTIVE', `this run would\n${list.join('\n')}`, {
    hint: 'give --allow-destructive if nothing there is needed any more',
  });
}

function hostAndPort(url: string, port: number): string {
  const { hostname, port: given } = new URL(url);
  return `${hostname}:${given || port}`;
}

async function reach<T>(
  code: 'REDIS_FAILED' | 'POSTGRES_FAILED',
  title: string,
  url: string,
  attempt: Promise<T>,
): Promise<T> {
  try {
    return await attempt;
  } catch (cause) {
    throw new HarnessError(code, `${title} at ${redact(url)} cannot be reached: ${redact(messageOf(cause))}`, {
      cause,
      hint: 'is it running, and are address and password right?',
    });
  }
}

function available(options: EnvironmentOptions): Promise<Availability> {
  try {
    refuseUnlessAllowed(addresses(options), options);
    return Promise.resolve({ available: true, reason: 'addresses are given, and destruction is allowed' });
  } catch (error) {
    const hint = error instanceof HarnessError ? error.hint : undefined;
    return Promise.resolve({ available: false, reason: messageOf(error), ...(hint === undefined ? {} : { hint }) });
  }
}

async function startParts(context: StartContext, teardown: Teardown): Promise<ServerStack> {
  const { options, signal } = context;
  if (context.servers.length > 0)
    throw new HarnessError(
      'BAD_PLAN',
      `the plan needs ${context.servers.map(({ name }) => name).join(', ')}, and --env external starts no servers`,
      { hint: 'use --env local or docker for this store' },
    );
  const direct = addresses(options);
  refuseUnlessAllowed(direct, options);
  context.progress('connecting to the Redis and the Postgres that are there');
  const [redis, postgres] = await allOrThrow([
    reach('REDIS_FAILED', 'Redis', direct.redisUrl, redisVersion({ url: direct.redisUrl, signal, timeoutMs: 0 })),
    reach(
      'POSTGRES_FAILED',
      'Postgres',
      direct.postgresUrl,
      postgresVersion({ url: direct.postgresUrl, signal, timeoutMs: 0 }),
    ),
  ]);
  const keeper = new Keeper(context.journal);
  teardown.add('the keeper process', () => keeper[Symbol.asyncDispose]());
  const upstreams = { redis: hostAndPort(direct.redisUrl, 6379), postgres: hostAndPort(direct.postgresUrl, 5432) };
  const embedded = async () => {
    const control = await startProxyProcess(context, keeper, teardown);
    const proxies = await createProxies(control, context.instances, upstreams, () => '127.0.0.1:0');
    return { control, proxies, version: `embedded (cachequake ${packageVersion()})`, notes: [] };
  };
  const { control, proxies, version, notes } =
    options.toxiproxyUrl === null
      ? await embedded()
      : await externalProxies(context, options.toxiproxyUrl, upstreams, teardown);
  return {
    manifest: {
      id: 'external',
      versions: { redis, postgres: postgres.version, toxiproxy: version, node: process.version },
      toxiproxy: options.toxiproxyUrl === null ? 'embedded' : 'toxiproxy',
      notes: [
        'Redis and Postgres are not ours: their settings, their machine and their other users shape this result.',
        ...(postgres.statementsProblem === null
          ? []
          : [`pg_stat_statements cannot be read: ${postgres.statementsProblem}.`]),
        ...notes,
      ],
      machine: describeMachine(),
    },
    ...direct,
    servers: [],
    toxiproxy: control,
    proxies: shownProxies(proxies),
    restartRedis: null,
    cpuMs: () => Promise.resolve(null),
    startService: (plan, target) =>
      startServiceProcesses(
        {
          keeper,
          folder: context.folder,
          signal,
          instances: context.instances,
          addresses: addressesThrough(proxies, direct),
        },
        plan,
        target,
      ),
    [Symbol.asyncDispose]: () => teardown.run(),
  };
}

export const externalEnvironment: Environment<ServerStack> = {
  id: 'external',
  title: 'what is already running',
  available,
  start: (context) => startOrTakeDown(context, startParts),
};
