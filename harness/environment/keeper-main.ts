/**
 * The keeper: one small process per local stack that is the parent of everything the stack consists of. Postgres and
 * Redis do not notice when the harness dies; the keeper does, because its standard input closes, and it then ends
 * them all. It and its children have sessions of their own, so that Ctrl-C in a terminal reaches only the harness,
 * which needs the servers alive to heal and to reconcile.
 *
 * Commands come as lines of JSON on stdin, events leave as lines of JSON on stdout.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { messageOf } from '../contract/errors.ts';
import type { KeeperCommand, KeeperEvent } from './keeper-protocol.ts';

const GRACE_MS = 3000;
const children = new Map<string, { child: ChildProcess; orphanSignal: NodeJS.Signals; group: boolean }>();
let ending = false;

function tell(event: KeeperEvent): void {
  // When the harness is gone nobody reads; that must not keep the keeper from its work.
  if (!process.stdout.destroyed) process.stdout.write(`${JSON.stringify(event)}\n`);
}

function start(command: KeeperCommand): void {
  const { id } = command;
  let log: number;
  try {
    log = openSync(command.log, 'a', 0o600);
  } catch (error) {
    tell({ event: 'failed', id, message: messageOf(error) });
    return;
  }
  try {
    const child = spawn(command.file, command.args, {
      cwd: command.cwd,
      env: command.env,
      stdio: ['pipe', log, log],
      detached: true,
      ...(command.uid === undefined ? {} : { uid: command.uid }),
      ...(command.gid === undefined ? {} : { gid: command.gid }),
    });
    child.stdin?.on('error', () => undefined);
    child.once('error', (error) => tell({ event: 'failed', id, message: error.message }));
    child.once('exit', (code, signal) => {
      children.delete(id);
      tell({ event: 'exited', id, code, signal });
      if (ending && children.size === 0) process.exit(0);
    });
    if (child.pid === undefined) return;
    children.set(id, { child, orphanSignal: command.orphanSignal, group: command.group ?? false });
    tell({ event: 'started', id, pid: child.pid });
  } catch (error) {
    tell({ event: 'failed', id, message: messageOf(error) });
  } finally {
    closeSync(log);
  }
}

/** Each child leads a group of its own. */
function endGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, signal);
  } catch {
    // It has ended since.
  }
}

function endAll(): void {
  if (ending) return;
  ending = true;
  if (children.size === 0) process.exit(0);
  for (const { child, orphanSignal, group } of children.values()) {
    if (group) endGroup(child, orphanSignal);
    else child.kill(orphanSignal);
    // A frozen process takes no signal but SIGKILL until it goes on.
    child.kill('SIGCONT');
  }
  setTimeout(() => {
    for (const { child } of children.values()) child.kill('SIGKILL');
  }, GRACE_MS).unref();
  setTimeout(() => process.exit(1), GRACE_MS + 1000);
}

process.stdout.on('error', () => undefined);
process.on('SIGINT', () => undefined);
process.on('SIGHUP', () => undefined);
process.on('SIGTERM', endAll);
createInterface({ input: process.stdin })
  .on('line', (line) => {
    if (!ending) start(JSON.parse(line) as KeeperCommand);
  })
  .on('close', endAll);
