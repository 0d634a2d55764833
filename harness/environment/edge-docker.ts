/** nginx as a container in front of the instances. Its configuration travels as a variable: nothing is mounted or built. */
import { join } from 'node:path';
import { HarnessError, messageOf } from '../contract/errors.ts';
import type { PlannedEdge } from '../contract/plan.ts';
import { type OwnContainer, startContainer } from './docker-container.ts';
import type { FoundImage } from './docker-engine.ts';
import type { Parts } from './docker-servers.ts';
import { EDGE_READY_PATH, edgeConfig } from './edge-config.ts';
import type { RunningEdge } from './edge-service.ts';
import { waitUntilReady } from './ready.ts';

const EDGE_PORT = 8080;
const READY_MS = 10_000;
const STOP_SEC = 1;
const START =
  'mkdir -p /tmp/edge && printf %s "$EDGE_CONF" > /tmp/edge.conf && exec nginx -p /tmp/edge/ -c /tmp/edge.conf';

/**
 * Starts nginx with an empty cache.
 *
 * @param generation tells it from the edge of another run of the same comparison
 * @param upstreams `host:port` of the instances on the run's network
 * @throws HarnessError `NGINX_FAILED` with its last words
 */
export async function startEdgeContainer(
  { context, around }: Parts,
  image: FoundImage,
  generation: number,
  edge: PlannedEdge,
  upstreams: readonly string[],
): Promise<RunningEdge> {
  let container: OwnContainer;
  try {
    container = await startContainer(around, {
      image: image.name,
      alias: `edge-${generation}`,
      environment: { EDGE_CONF: edgeConfig({ listen: `0.0.0.0:${EDGE_PORT}`, upstreams, edge }) },
      entrypoint: ['sh', '-c', START],
      ports: { [EDGE_PORT]: 0 },
      log: join(context.folder, 'edge.log'),
    });
  } catch (cause) {
    throw new HarnessError('NGINX_FAILED', `the edge cannot be started: ${messageOf(cause)}`, { cause });
  }
  let code: number | null | undefined;
  const ended = container.exited.then(async (status) => {
    code = status;
    const words = await container.lastWords().catch(messageOf);
    return `ended with code ${status ?? 'unknown'}; its last words:\n${words}`;
  });
  const stop = async (): Promise<void> => {
    await container.stop(STOP_SEC).catch(() => undefined);
    await container.remove();
  };
  const url = `http://127.0.0.1:${container.port(EDGE_PORT)}`;
  const gone = (): boolean => code !== undefined;
  const answer = await waitUntilReady(`${url}${EDGE_READY_PATH}`, READY_MS, gone, context.signal).catch(
    async (error: unknown) => {
      await stop();
      throw error;
    },
  );
  if (answer.ready) return { url, version: `nginx (image ${image.shown})`, ended, stop };
  const words = gone() ? await ended : `was not ready within ${READY_MS / 1000} s (${answer.last})`;
  await stop();
  throw new HarnessError('NGINX_FAILED', `the edge ${words}`, { hint: 'see edge.log in the folder of the run' });
}
