/**
 * The Docker engine of this machine: whether one answers, the client that testcontainers keeps for it, and the images.
 * Nothing relies on testcontainers' reaper: its image may be out of reach, and a reaper would remove what `clean` and
 * the run remove themselves.
 */
import { request } from 'node:http';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type * as Testcontainers from 'testcontainers';
import type { ContainerRuntimeClient } from 'testcontainers';
import { HarnessError, messageOf } from '../contract/errors.ts';
import type { EnvironmentOptions } from '../contract/environment.ts';
import { howToChange, REQUIRED_IMAGES, type ImageOption } from './options.ts';

/** How long an engine may take to answer before it counts as absent. */
const PING_MS = 2000;

/** A pull is given up when nothing has arrived for so long, and in any case after the second time. */
const PULL_STALL_MS = 30_000;
const PULL_LIMIT_MS = 600_000;

type Address = { socketPath: string } | { host: string; port: number };

function engineAddress(): { address: Address; shown: string } | { problem: string } {
  const configured = process.env.DOCKER_HOST;
  if (configured) {
    if (configured.startsWith('unix://')) return { address: { socketPath: configured.slice(7) }, shown: configured };
    const url = URL.canParse(configured) ? new URL(configured) : null;
    if (url?.protocol === 'tcp:' && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname))
      return { address: { host: url.hostname, port: Number(url.port || 2375) }, shown: configured };
    // Folders are mounted and ports are published on this machine: elsewhere neither would be found.
    return { problem: `the engine that DOCKER_HOST names (${configured}) is not on this machine` };
  }
  const runtimeFolder = process.env.XDG_RUNTIME_DIR;
  const candidates = [
    '/var/run/docker.sock',
    ...(runtimeFolder ? [join(runtimeFolder, 'docker.sock')] : []),
    join(homedir(), '.docker', 'run', 'docker.sock'),
    join(homedir(), '.docker', 'desktop', 'docker.sock'),
    `/run/user/${process.getuid?.() ?? 0}/docker.sock`,
  ];
  const socketPath = candidates.find((path) => existsSync(path));
  return socketPath ? { address: { socketPath }, shown: socketPath } : { problem: 'there is no Docker socket' };
}

/**
 * Asks the engine for its version, at most for two seconds.
 *
 * @returns why not, where none answers
 */
export async function pingEngine(): Promise<{ answers: true; version: string } | { answers: false; reason: string }> {
  const found = engineAddress();
  if ('problem' in found) return { answers: false, reason: found.problem };
  try {
    const body = await new Promise<string>((resolve, reject) => {
      const asked = request({ ...found.address, path: '/version', agent: false, signal: AbortSignal.timeout(PING_MS) });
      asked.once('error', reject);
      asked.once('response', (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
        });
        response.once('error', reject);
        response.once('end', () => resolve(text));
      });
      asked.end();
    });
    const { Version: version, Os: os } = JSON.parse(body) as { Version?: string; Os?: string };
    if (os !== 'linux')
      return { answers: false, reason: `the engine runs ${os ?? 'unknown'} containers, not Linux ones` };
    return { answers: true, version: version ?? 'unknown' };
  } catch (error) {
    const denied = (error as NodeJS.ErrnoException).code === 'EACCES';
    const late = error instanceof Error && error.name === 'AbortError';
    const why = denied ? 'this user may not use it' : late ? `no answer within ${PING_MS / 1000} s` : messageOf(error);
    return { answers: false, reason: `no Docker engine at ${found.shown}: ${why}` };
  }
}

let loading: Promise<typeof Testcontainers> | undefined;

/** testcontainers, loaded on first use: it takes half a second that other environments need not pay. */
export function testcontainers(): Promise<typeof Testcontainers> {
  process.env.TESTCONTAINERS_RYUK_DISABLED = 'true';
  loading ??= import('testcontainers');
  return loading;
}

/**
 * The client of the engine.
 *
 * @throws HarnessError `ENGINE_MISSING`
 */
export async function engineClient(): Promise<ContainerRuntimeClient> {
  const ping = await pingEngine();
  const hint = 'start Docker, or use --env local';
  if (!ping.answers) throw new HarnessError('ENGINE_MISSING', ping.reason, { hint });
  const { getContainerRuntimeClient } = await testcontainers();
  try {
    return await getContainerRuntimeClient();
  } catch (cause) {
    throw new HarnessError('ENGINE_MISSING', `the Docker engine cannot be used: ${messageOf(cause)}`, { cause, hint });
  }
}

/** An image as the manifest names it: with the digest it was pulled by, or its id where it was built here. */
export interface FoundImage {
  name: string;
  shown: string;
  environment: Readonly<Record<string, string>>;
}

/** Finds an image on this machine; null where it has to be pulled. */
export async function findImage(client: ContainerRuntimeClient, name: string): Promise<FoundImage | null> {
  try {
    const image = await client.container.dockerode.getImage(name).inspect();
    const digest = image.RepoDigests?.[0]?.split('@')[1];
    const variables = (image.Config?.Env ?? []).map((line) => {
      const at = line.indexOf('=');
      return [line.slice(0, at), line.slice(at + 1)] as const;
    });
    return {
      name,
      shown: `${name} ${digest ?? `(built here, ${image.Id})`}`,
      environment: Object.fromEntries(variables),
    };
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return null;
    throw error;
  }
}

async function pull(client: ContainerRuntimeClient, name: string): Promise<void> {
  // The engine gives no sign while it looks for the registry, so the limit is on this side.
  const limit = new AbortController();
  const onLimit = (): void => limit.abort(new Error('nothing arrived for a long time'));
  let stall = setTimeout(onLimit, PULL_STALL_MS);
  const total = setTimeout(() => limit.abort(new Error('it took too long')), PULL_LIMIT_MS);
  const aborted = new Promise<never>((_, reject) => {
    limit.signal.addEventListener('abort', () => reject(limit.signal.reason as Error));
  });
  aborted.catch(() => undefined);
  try {
    const stream = await Promise.race([client.container.dockerode.pull(name, { abortSignal: limit.signal }), aborted]);
    await Promise.race([
      new Promise<void>((resolve, reject) => {
        client.container.dockerode.modem.followProgress(
          stream,
          (error) => (error ? reject(error) : resolve()),
          () => {
            clearTimeout(stall);
            stall = setTimeout(onLimit, PULL_STALL_MS);
          },
        );
      }),
      aborted,
    ]);
  } finally {
    clearTimeout(stall);
    clearTimeout(total);
  }
}

/**
 * Pulls an image that no option names.
 *
 * @throws HarnessError `IMAGE_MISSING`
 */
export async function pullImage(client: ContainerRuntimeClient, name: string): Promise<void> {
  try {
    await pull(client, name);
  } catch (cause) {
    throw new HarnessError('IMAGE_MISSING', `the image ${name} cannot be had: ${reasonOf(cause)}`, {
      cause,
      hint: 'build it, or name one that this machine has or can pull',
    });
  }
}

/** Without what the client library puts before the engine's words. */
function reasonOf(cause: unknown): string {
  return messageOf(cause)
    .replace(/^\(HTTP code \d+\) [^-]*- /, '')
    .trim();
}

/**
 * Finds an image, or pulls it once.
 *
 * @throws HarnessError `IMAGE_MISSING` with its name and how to change it
 */
export async function ensureImage(
  client: ContainerRuntimeClient,
  options: EnvironmentOptions,
  option: ImageOption,
  progress: (line: string) => void,
): Promise<FoundImage> {
  const name = options[option];
  const present = await findImage(client, name);
  if (present) return present;
  progress(`pulling ${name}`);
  try {
    await pull(client, name);
    const pulled = await findImage(client, name);
    if (pulled) return pulled;
    throw new Error('the engine does not show it after the pull');
  } catch (cause) {
    throw new HarnessError('IMAGE_MISSING', `the image ${name} cannot be had: ${reasonOf(cause)}`, {
      cause,
      hint: `${howToChange(option)}, or use --env local`,
    });
  }
}

/** Makes sure of the images that a docker run cannot do without, side by side. */
export async function ensureRequiredImages(
  client: ContainerRuntimeClient,
  options: EnvironmentOptions,
  progress: (line: string) => void,
): Promise<Record<(typeof REQUIRED_IMAGES)[number], FoundImage>> {
  const [redisImage, postgresImage, nodeImage] = await Promise.all(
    REQUIRED_IMAGES.map((option) => ensureImage(client, options, option, progress)),
  );
  if (!redisImage || !postgresImage || !nodeImage) throw new HarnessError('INTERNAL', 'an image was not looked for');
  return { redisImage, postgresImage, nodeImage };
}
