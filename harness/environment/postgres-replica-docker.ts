/**
 * A streaming replica of Postgres as a container: it takes a base backup of the primary over the run's network and
 * follows it from there. It needs nothing of the image but what every image of Postgres has.
 */
import { join } from 'node:path';
import { allowReplication, postgresVersion } from './connect-until.ts';
import type { FoundImage } from './docker-engine.ts';
import { awaitPart, hasEnded, type Parts, startPart } from './docker-servers.ts';
import { maxConnections, postgresArguments, REPLICATION } from './postgres-settings.ts';
import { through } from './proxy-process.ts';

/** The server refuses to run as root, which official images begin as. `exec` hands the container's signals on. */
const AS_ITS_USER = 'if [ "$(id -u)" = 0 ]; then exec gosu postgres sh -c "$FOLLOW"; else exec sh -c "$FOLLOW"; fi';

/** Every user may write there, and it goes with the container. */
const DATA = '/tmp/replica';

/**
 * Starts it on a loopback port.
 *
 * @param primaryUrl direct address of the primary, which has the alias `postgres` in the network
 * @throws HarnessError `POSTGRES_FAILED`
 */
export async function startPostgresReplicaContainer(
  parts: Parts,
  image: FoundImage,
  name: string,
  primaryUrl: string,
): Promise<string> {
  const { context } = parts;
  const log = join(context.folder, `${name}.log`);
  const { username, password } = new URL(primaryUrl);
  await allowReplication(primaryUrl);
  const settings = postgresArguments({ ...maxConnections(context.instances), ...REPLICATION, listen_addresses: '*' });
  const container = await startPart(parts, 'POSTGRES_FAILED', {
    image: image.name,
    alias: name,
    environment: {
      PGPASSWORD: password,
      FOLLOW:
        `pg_basebackup -h postgres -U ${username} -D ${DATA} -X stream -c fast --no-sync -R && ` +
        `exec postgres -D ${DATA} ${settings.map((argument) => `'${argument}'`).join(' ')}`,
    },
    entrypoint: ['sh', '-c', AS_ITS_USER],
    command: [],
    ports: { 5432: 0 },
    log,
  });
  const url = through(primaryUrl, `127.0.0.1:${container.port(5432)}`);
  const waiting = postgresVersion({ url, signal: context.signal, hopeless: hasEnded(container) });
  await awaitPart(container, 'POSTGRES_FAILED', `the replica ${name}`, waiting, log);
  return url;
}
