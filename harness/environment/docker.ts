/**
 * The docker environment: Redis, Postgres, Toxiproxy and the service as containers on a network of their own. They
 * carry the run's id and are removed by the run itself; `clean` removes what a killed run leaves.
 */
import { messageOf } from '../contract/errors.ts';
import type { Availability, Environment, ServerStack, StartContext, StartedServer } from '../contract/environment.ts';
import { packageVersion } from '../kit/package-root.ts';
import { engineClient, ensureImage, ensureRequiredImages, pingEngine, type FoundImage } from './docker-engine.ts';
import { runLabels } from './docker-labels.ts';
import {
  PORT_INSIDE,
  startMemcachedContainer,
  startPostgresContainer,
  startProxyContainer,
  startRedisContainer,
  type Parts,
} from './docker-servers.ts';
import { startEdgeContainer } from './edge-docker.ts';
import { type EdgeStarter, startBehindEdge } from './edge-service.ts';
import { SERVICE_PORT, startServiceContainers } from './docker-service.ts';
import { describeMachine } from './machine.ts';
import { startPostgresReplicaContainer } from './postgres-replica-docker.ts';
import { durabilityNote } from './postgres-settings.ts';
import { randomPort } from './random-port.ts';
import { addressesThrough, createProxies, shownProxies } from './proxy-process.ts';
import { allOrThrow, startOrTakeDown } from './start-together.ts';
import type { Teardown } from './teardown.ts';

/** The first port that the proxies listen on, inside the private network. */
const FIRST_PROXY_PORT = 21_000;

async function available(): Promise<Availability> {
  const ping = await pingEngine();
  if (ping.answers) return { available: true, reason: `a Docker engine ${ping.version} answers` };
  return { available: false, reason: ping.reason, hint: 'start Docker, or use --env local' };
}

async function startParts(context: StartContext, teardown: Teardown): Promise<ServerStack> {
  const client = await engineClient();
  const { options, progress } = context;
  const notes = [
    'Traffic and probes reach the containers through ports published on loopback.',
    'The servers, the service and the load share the cores of one machine.',
    durabilityNote(context.servers),
  ];
  const toxiproxyImage = async (): Promise<FoundImage | null> => {
    try {
      return await ensureImage(client, options, 'toxiproxyImage', progress);
    } catch (error) {
      notes.push(`The embedded proxy stands in for Toxiproxy, in a Node container: ${messageOf(error)}.`);
      return null;
    }
  };
  const [images, toxiproxy] = await allOrThrow([ensureRequiredImages(client, options, progress), toxiproxyImage()]);

  context.signal.throwIfAborted();
  const networkName = `cachequake-${context.runId}`;
  const network = await client.network.create({
    Name: networkName,
    Driver: 'bridge',
    Labels: runLabels(context.runId),
  });
  context.journal.write({ kind: 'network', id: network.id });
  teardown.add('the network', () => client.network.remove(network));
  const around = { client, runId: context.runId, network: networkName, journal: context.journal };

  progress(`starting Redis, Postgres and ${toxiproxy ? 'Toxiproxy' : 'the embedded Toxiproxy'} as containers`);
  const parts: Parts = { context, around, teardown };
  const [redis, postgres, control] = await allOrThrow([
    startRedisContainer(parts, images.redisImage),
    startPostgresContainer(parts, images.postgresImage),
    startProxyContainer(parts, toxiproxy, images.nodeImage),
  ]);
  notes.push(...postgres.notes);
  const servers = await startServerContainers(parts, images, postgres.url);
  const upstreams = {
    redis: 'redis:6379',
    postgres: 'postgres:5432',
    ...Object.fromEntries(servers.map(({ name, kind }) => [name, `${name}:${PORT_INSIDE[kind]}`])),
  };
  const listening = await createProxies(
    control,
    context.instances,
    upstreams,
    (_, index) => `0.0.0.0:${FIRST_PROXY_PORT + index}`,
  );
  const proxies = listening.map((proxy, index) => ({ ...proxy, listen: `toxiproxy:${FIRST_PROXY_PORT + index}` }));
  const parent = { redis: redis.container, postgres: postgres.container };
  let generation = 0;
  return {
    manifest: {
      id: 'docker',
      versions: {
        redis: redis.version,
        postgres: postgres.version,
        toxiproxy: toxiproxy
          ? `Toxiproxy ${await control.version()} (image ${toxiproxy.shown})`
          : `embedded (cachequake ${packageVersion()})`,
        node: `image ${images.nodeImage.shown}`,
        harness: `node ${process.version}`,
        docker: String(client.info.containerRuntime.serverVersion),
      },
      toxiproxy: toxiproxy ? 'toxiproxy' : 'embedded',
      notes,
      machine: describeMachine(),
    },
    redisUrl: redis.url,
    postgresUrl: postgres.url,
    servers,
    toxiproxy: control,
    proxies: shownProxies(proxies),
    restartRedis: redis.restart,
    cpuMs: (part) => parent[part].cpuMs(),
    startService: (plan, target) => {
      generation += 1;
      const own = generation;
      let nginx: FoundImage | null = null;
      const edge: EdgeStarter = {
        find: async () => {
          nginx = await ensureImage(client, options, 'nginxImage', progress);
        },
        start: (planned, service) =>
          startEdgeContainer(
            parts,
            nginx!,
            own,
            planned,
            service.instances.map(({ index }) => `service-${own}-${index}:${SERVICE_PORT}`),
          ),
      };
      return startBehindEdge(plan, edge, () =>
        startServiceContainers(
          {
            around,
            nodeImage: images.nodeImage.name,
            folder: context.folder,
            signal: context.signal,
            instances: context.instances,
            generation,
            addresses: addressesThrough(proxies, { redisUrl: redis.url, postgresUrl: postgres.url }, servers),
          },
          plan,
          target,
        ),
      );
    },
    [Symbol.asyncDispose]: () => teardown.run(),
  };
}

/** The servers that the stores ask for; an image is looked for only when it is needed. */
async function startServerContainers(
  parts: Parts,
  { redisImage, postgresImage }: { redisImage: FoundImage; postgresImage: FoundImage },
  postgresUrl: string,
): Promise<StartedServer[]> {
  const { context, around } = parts;
  const image = context.servers.some(({ kind }) => kind === 'memcached')
    ? await ensureImage(around.client, context.options, 'memcachedImage', context.progress)
    : null;
  return allOrThrow(
    context.servers.map(async ({ name, kind }) => {
      if (kind === 'memcached') return { name, kind, url: await startMemcachedContainer(parts, image!, name) };
      if (kind === 'postgres-replica')
        return { name, kind, url: await startPostgresReplicaContainer(parts, postgresImage, name, postgresUrl) };
      const options = { name, replica: kind === 'redis-replica' };
      return { name, kind, url: (await startRedisContainer(parts, redisImage, randomPort, options)).url };
    }),
  );
}

export const dockerEnvironment: Environment<ServerStack> = {
  id: 'docker',
  title: 'Docker containers',
  available,
  start: (context) => startOrTakeDown(context, startParts),
};
