/**
 * What `npm start` does: makes sure that there is something to run on, then compares four defences on the same
 * traffic while Redis goes away for three seconds. Arguments after `npm start --` are appended.
 */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { EXIT, HarnessError, messageOf } from '../harness/contract/errors.ts';
import { dockerUsable } from '../harness/environment/select.ts';
import { entryPoint } from '../harness/kit/package-root.ts';
import { resolveSettings } from '../harness/plan/resolve-settings.ts';
import { ensureRedis } from './ensure-redis.ts';

const COMPARISON = [
  'compare',
  'hot-key',
  '--defence',
  'cache-aside,single-flight,lock-wait,xfetch',
  '--instances',
  '2',
  '--fault',
  'redis-down@5s+3s',
];

/** One Ctrl-C may arrive twice: from the terminal, and handed on by npm. */
const SAME_SIGNAL_MS = 500;

const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** The value of `--env`, which is given as two arguments or as one. */
function environmentFlag(args: readonly string[]): string | undefined {
  const at = args.findLastIndex((arg) => arg === '--env' || arg.startsWith('--env='));
  const flag = args[at];
  return flag === '--env' ? args[at + 1] : flag?.slice('--env='.length);
}

/** Redis is needed on this machine only where containers will not bring it. */
async function prepare(args: readonly string[]): Promise<void> {
  const { settings } = resolveSettings({ flags: {}, environment: process.env, config: {} });
  const choice = environmentFlag(args) ?? settings.env;
  if (choice !== 'local' && choice !== 'auto') return;
  if (choice === 'auto' && (await dockerUsable(settings, say)).available) return;
  await ensureRedis(say);
}

function run(args: readonly string[]): void {
  const child = spawn(process.execPath, [entryPoint('harness/cli/main'), ...COMPARISON, ...args], { stdio: 'inherit' });
  let lastMs = Number.NEGATIVE_INFINITY;
  const forward = (signal: NodeJS.Signals): void => {
    // A terminal sends Ctrl-C to the child as well; a second one would make it stop without healing.
    if (signal === 'SIGINT' && process.stdin.isTTY) return;
    if (performance.now() - lastMs < SAME_SIGNAL_MS) return;
    lastMs = performance.now();
    child.kill(signal);
  };
  process.on('SIGINT', forward);
  process.on('SIGTERM', forward);
  child.once('error', (error) => {
    say(error.message);
    process.exitCode = EXIT.internal;
  });
  child.once('exit', (code, signal) => {
    process.exit(signal ? 128 + constants.signals[signal] : (code ?? EXIT.internal));
  });
}

const args = process.argv.slice(2);
try {
  await prepare(args);
  run(args);
} catch (error) {
  say(messageOf(error));
  if (error instanceof HarnessError && error.hint !== undefined) say(error.hint);
  process.exitCode = error instanceof HarnessError ? error.exitCode : EXIT.internal;
}
