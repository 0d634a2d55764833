/** Says what this machine can run, part by part, and which environment `auto` would take and why not the other. */
import { statfs } from 'node:fs/promises';
import { HarnessError, messageOf } from '../contract/errors.ts';
import type { EnvironmentOptions } from '../contract/environment.ts';
import { workFolder } from '../kit/journal.ts';
import { engineClient, findImage, pingEngine } from './docker-engine.ts';
import { howToChange, type ImageOption } from './options.ts';
import { findNginx } from './edge-local.ts';
import { findPostgres } from './postgres-binaries.ts';
import { findRedis } from './redis-local.ts';
import { findMemcached } from './store-servers-local.ts';

/** One finding. Names that begin with `environment` say whether a run could start there. */
export interface Finding {
  name: string;
  ok: boolean;
  /** Only some runs need it. */
  optional?: true;
  detail: string;
  hint?: string;
}

/** The oldest Node that runs TypeScript without a build and everything that is used here. */
const OLDEST_NODE = [22, 22] as const;

/** A run needs about 50 MB for the database, its logs and the result; first runs copy binaries. */
const NEEDED_BYTES = 500 * 2 ** 20;

const IMAGES: readonly { option: ImageOption; title: string; required: boolean }[] = [
  { option: 'redisImage', title: 'Redis', required: true },
  { option: 'postgresImage', title: 'Postgres', required: true },
  { option: 'nodeImage', title: 'Node', required: true },
  { option: 'toxiproxyImage', title: 'Toxiproxy', required: false },
];

async function check(name: string, look: () => Promise<string> | string): Promise<Finding> {
  try {
    return { name, ok: true, detail: await look() };
  } catch (error) {
    const hint = error instanceof HarnessError ? error.hint : undefined;
    return { name, ok: false, detail: messageOf(error), ...(hint === undefined ? {} : { hint }) };
  }
}

function nodeVersion(): string {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1]))
    throw new HarnessError('ENVIRONMENT_UNAVAILABLE', `${process.version} is older than ${OLDEST_NODE.join('.')}`, {
      hint: 'npm ci brings a Node of its own: start with npm start, or npm run cachequake',
    });
  return `${process.version} at ${process.execPath}`;
}

/** What only some runs need: that it is missing is said and is no fault of the machine. */
function optional(finding: Finding, who: string): Finding {
  return finding.ok ? finding : { ...finding, optional: true, detail: `${finding.detail}; ${who}` };
}

async function diskSpace(): Promise<string> {
  const folder = workFolder();
  const { bavail, bsize } = await statfs(folder);
  const freeBytes = bavail * bsize;
  const shown = `${(freeBytes / 2 ** 30).toFixed(1)} GiB free in ${folder}`;
  if (freeBytes < NEEDED_BYTES)
    throw new HarnessError('ENVIRONMENT_UNAVAILABLE', shown, { hint: 'free some, or point TMPDIR elsewhere' });
  return shown;
}

/** Only what is there already: a diagnosis does not pull. */
async function image(options: EnvironmentOptions, option: ImageOption): Promise<string> {
  const found = await findImage(await engineClient(), options[option]);
  if (found) return found.shown;
  throw new HarnessError('IMAGE_MISSING', `${options[option]} is not on this machine; a run tries to pull it`, {
    hint: howToChange(option),
  });
}

/**
 * Looks at everything that a run needs.
 *
 * @returns one finding each; those for `environment …` come last, the one that `auto` takes is named
 */
export async function diagnose(options: EnvironmentOptions): Promise<Finding[]> {
  const findings = [await check('node', nodeVersion), await check('disk space', diskSpace)];
  const redis = await check('redis-server', async () => {
    const { title, file } = await findRedis();
    return `${title} at ${file}`;
  });
  const postgres = await check('embedded postgres', async () => {
    const { version, user, copied } = await findPostgres();
    return `PostgreSQL ${version}, run by ${user.name}${copied === null ? '' : ` from a copy: ${copied}`}`;
  });
  findings.push(
    optional(
      await check('nginx', async () => {
        const { title, file } = await findNginx();
        return `${title} at ${file}`;
      }),
      'only --edge nginx (profile edge) needs it',
    ),
    optional(await check('memcached', findMemcached), 'only --store memcached needs it'),
  );
  const ping = await pingEngine();
  const engine: Finding = ping.answers
    ? { name: 'docker engine', ok: true, detail: `version ${ping.version} answers` }
    : { name: 'docker engine', ok: false, detail: ping.reason, hint: 'start Docker, or use --env local' };
  findings.push(redis, postgres, engine);
  const missing: string[] = [];
  for (const { option, title, required } of ping.answers ? IMAGES : []) {
    const finding = await check(`image of ${title}`, () => image(options, option));
    if (!finding.ok && required) missing.push(options[option]);
    if (!finding.ok && !required) finding.detail += '; without it the embedded proxy runs in a Node container';
    findings.push(finding);
  }
  const dockerOk = engine.ok && missing.length === 0;
  const localOk = redis.ok && postgres.ok;
  const taken = dockerOk ? 'docker' : localOk ? 'local' : null;
  const whyNotDocker = engine.ok ? `not on this machine: ${missing.join(', ')} (a run tries to pull)` : engine.detail;
  const whyNotLocal = [redis, postgres].flatMap((part) => (part.ok ? [] : [part.detail])).join('; ');
  const say = (id: 'docker' | 'local', ok: boolean, whyNot: string): Finding => ({
    name: `environment ${id}`,
    ok,
    detail: (ok ? 'can be used' : whyNot) + (taken === id ? '; --env auto takes it' : ''),
  });
  findings.push(say('docker', dockerOk, whyNotDocker), say('local', localOk, whyNotLocal));
  return findings;
}
