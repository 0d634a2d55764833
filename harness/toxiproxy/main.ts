/**
 * The embedded Toxiproxy as a process of its own, so that moving bytes does not share an event loop with the load.
 * Prints one line of JSON when it is ready; ends on SIGTERM, on SIGINT, and when the process that started it is gone.
 */
import { fstatSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { HarnessError, messageOf } from '../contract/errors.ts';
import { startToxiproxy } from './server.ts';

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isSafeInteger(value))
    throw new HarnessError('USAGE', `${name} must be a whole number, not '${text}'`);
  return value;
}

function endsWithParent(): boolean {
  try {
    const stdin = fstatSync(0);
    return stdin.isFIFO() || stdin.isSocket();
  } catch {
    return false;
  }
}

try {
  const { values } = parseArgs({
    options: {
      host: { type: 'string', default: process.env['TOXIPROXY_HOST'] ?? '127.0.0.1' },
      port: { type: 'string', default: process.env['TOXIPROXY_PORT'] ?? '0' },
      seed: { type: 'string', default: process.env['TOXIPROXY_SEED'] ?? '1' },
    },
  });
  const server = await startToxiproxy({
    host: values.host,
    port: wholeNumber('--port', values.port),
    seed: wholeNumber('--seed', values.seed),
  });
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    // Only a connection that cannot be closed would hold the exit up, and it must not.
    setTimeout(() => process.exit(0), 2000).unref();
    void server.close().then(() => process.exit(0));
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  if (endsWithParent()) process.stdin.on('end', stop).on('close', stop).on('error', stop).resume();
  // A reader of our output that is gone is the parent gone.
  process.stdout.on('error', stop);
  process.stdout.write(`${JSON.stringify({ cachequake: 'ready', port: server.port })}\n`);
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = error instanceof HarnessError ? error.exitCode : 2;
}
