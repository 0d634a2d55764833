/** Removes containers and networks of runs that nobody owns any more, found by their labels. */
import { messageOf } from '../contract/errors.ts';
import { removeContainer } from './docker-container.ts';
import { engineClient, pingEngine } from './docker-engine.ts';
import { ownerMayLive, RUN_LABEL } from './docker-labels.ts';

/**
 * Removes them.
 *
 * @param expected true where a journal tells of containers: then an engine that does not answer is a problem
 */
export async function cleanDocker(
  expected: boolean,
): Promise<{ containers: number; networks: number; problems: string[] }> {
  const problems: string[] = [];
  let containers = 0;
  let networks = 0;
  const ping = await pingEngine();
  if (!ping.answers)
    return { containers, networks, problems: expected ? [`containers may be left: ${ping.reason}`] : [] };
  const client = await engineClient();
  const { dockerode } = client.container;
  const filters = JSON.stringify({ label: [RUN_LABEL] });
  const attempt = async (what: string, work: () => Promise<unknown>): Promise<number> => {
    try {
      return (await work()) === false ? 0 : 1;
    } catch (error) {
      if ((error as { statusCode?: number }).statusCode === 404) return 0;
      problems.push(`${what}: ${messageOf(error)}`);
      return 0;
    }
  };
  const left = (await dockerode.listContainers({ all: true, filters })).filter(
    ({ Labels: labels }) => !ownerMayLive(labels),
  );
  const removed = await Promise.all(
    left.map(({ Id: id }) => attempt(`container ${id}`, () => removeContainer(client, id))),
  );
  containers = removed.reduce((sum, count) => sum + count, 0);
  for (const { Id: id, Labels: labels } of await dockerode.listNetworks({ filters }))
    if (!ownerMayLive(labels ?? {}))
      networks += await attempt(`network ${id}`, () => dockerode.getNetwork(id).remove());
  return { containers, networks, problems };
}
