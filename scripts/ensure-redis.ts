/**
 * Makes sure that this machine has a Redis server program before local processes are needed: on Debian as root it is
 * installed, elsewhere the command is said. The package's own service must not start: a benchmark starts its own.
 *
 * Run by hand: `node scripts/ensure-redis.ts`. Exit code 3 where there is none and it cannot be installed.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { EXIT, HarnessError, messageOf } from '../harness/contract/errors.ts';
import { findRedis } from '../harness/environment/redis-local.ts';

/** Debian asks this program whether a freshly installed service may start; 101 says no. */
const POLICY = '/usr/sbin/policy-rc.d';

const APT_OPTIONS = ['-qq', '-o', 'DPkg::Lock::Timeout=300', '-o', 'Acquire::Retries=2'];

function apt(...args: string[]): void {
  const answer = spawnSync('apt-get', [...APT_OPTIONS, ...args], {
    encoding: 'utf8',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  if (answer.status === 0) return;
  const words = answer.error
    ? messageOf(answer.error)
    : (answer.stderr || answer.stdout).trim().split('\n').slice(-3).join(' ');
  throw new HarnessError('REDIS_MISSING', `apt-get ${args[0] ?? ''} failed: ${words}`, {
    hint: 'install redis-server by hand, or use --env docker',
  });
}

function install(): void {
  const ownPolicy = !existsSync(POLICY);
  if (ownPolicy) writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    apt('update');
    apt('install', '--yes', '--no-install-recommends', 'redis-server');
  } finally {
    if (ownPolicy) rmSync(POLICY, { force: true });
  }
}

/**
 * Finds Redis, or installs it where that can be done without asking.
 *
 * @param say told before something takes long
 * @returns name and version
 * @throws HarnessError `REDIS_MISSING` with the command that installs it
 */
export async function ensureRedis(say: (line: string) => void): Promise<string> {
  try {
    return (await findRedis()).title;
  } catch (error) {
    if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) throw error;
    say('there is no Redis on this machine: installing redis-server with apt-get (its service is not started)');
    install();
    return (await findRedis()).title;
  }
}

if (import.meta.main) {
  try {
    process.stderr.write(`${await ensureRedis((line) => process.stderr.write(`${line}\n`))}\n`);
  } catch (error) {
    const hint = error instanceof HarnessError && error.hint !== undefined ? `\n${error.hint}` : '';
    process.stderr.write(`${messageOf(error)}${hint}\n`);
    process.exitCode = EXIT.environment;
  }
}
