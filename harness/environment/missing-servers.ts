/**
 * Looks for the servers that only some plans need, once the environment is known and before anything starts: a program
 * or image that is missing is told with what would do, and costs no time and nothing to clean up.
 */
import type { EnvironmentId, EnvironmentOptions } from '../contract/environment.ts';
import type { ServerNeed } from '../contract/store-kind.ts';
import { engineClient, ensureImage } from './docker-engine.ts';
import { findNginx } from './edge-local.ts';
import { findMemcached } from './store-servers-local.ts';

/**
 * @param needs servers of the stores, and whether any plan has an edge
 * @param progress told of pulls, which may take minutes
 * @throws HarnessError `MEMCACHED_MISSING`, `NGINX_MISSING`, `IMAGE_MISSING`; nothing is started by then
 */
export async function refuseMissingServers(
  environment: EnvironmentId,
  needs: { servers: readonly ServerNeed[]; edge: boolean },
  options: EnvironmentOptions,
  progress: (line: string) => void = () => undefined,
): Promise<void> {
  const memcached = needs.servers.some(({ kind }) => kind === 'memcached');
  // What an external environment cannot have is refused by the plan itself.
  if (environment === 'external' || (!memcached && !needs.edge)) return;
  if (environment === 'local') {
    if (memcached) findMemcached();
    if (needs.edge) await findNginx();
    return;
  }
  const client = await engineClient();
  if (memcached) await ensureImage(client, options, 'memcachedImage', progress);
  if (needs.edge) await ensureImage(client, options, 'nginxImage', progress);
}
