/** A real nginx in front of a small origin: what the edge keeps, how it renews it, and what it does not know. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { messageOf } from '../contract/errors.ts';
import type { JournalEntry } from '../contract/journal.ts';
import type { PlannedEdge, RunPlan } from '../contract/plan.ts';
import { isSameProcess } from '../kit/process-identity.ts';
import { dockerEnvironment } from './docker.ts';
import { pingEngine } from './docker-engine.ts';
import { findNginx, startLocalEdge } from './edge-local.ts';
import { get, occupyPort, testContext, testOptions, tinyPlan, tinyTarget } from './fixtures/tiny-target.ts';
import { Keeper } from './keeper.ts';
import { localEnvironment } from './local.ts';
import { randomPort } from './random-port.ts';

const missing = await findNginx().then(
  () => null,
  (error: unknown) => messageOf(error),
);
const newId = (): string => `test-edge-${randomBytes(4).toString('hex')}`;
const told = { sMaxAgeSec: 1, staleWhileRevalidateSec: 0, maxAgeSec: 0, lock: true };
const planned = (more: Partial<typeof told> = {}): PlannedEdge => ({ id: 'nginx', parameters: { ...told, ...more } });

/** Pages with a version that a PUT raises; it counts what reaches it. */
async function startOrigin(cacheControl: string, delayMs: number) {
  const counts = { full: 0, notModified: 0 };
  let version = 1;
  const server = createServer((request, response) => {
    if (request.method === 'PUT') {
      version += 1;
      response.end(`v${version}`);
      return;
    }
    setTimeout(() => {
      const etag = `"page-v${version}"`;
      response.setHeader('etag', etag);
      if (cacheControl !== '') response.setHeader('cache-control', cacheControl);
      response.setHeader('cache-status', 'shop; fwd=miss; stored; detail=miss');
      if (request.headers['if-none-match'] === etag) {
        counts.notModified += 1;
        response.statusCode = 304;
        response.end();
      } else {
        counts.full += 1;
        response.end(`v${version}`);
      }
    }, delayMs);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, counts, close };
}

interface Scene {
  url: string;
  counts: { full: number; notModified: number };
  ask(path?: string): Promise<{ body: string; status: string | null; tookMs: number }>;
}

/** Starts an origin and an edge in front of it, and stops both. */
async function behindEdge(
  options: { cacheControl: string; delayMs?: number; edge?: PlannedEdge; drawPort?: () => number },
  scene: (scene: Scene) => Promise<void>,
): Promise<void> {
  const context = testContext(newId());
  const keeper = new Keeper(context.journal);
  const origin = await startOrigin(options.cacheControl, options.delayMs ?? 0);
  try {
    const edge = await startLocalEdge(context, keeper, options.edge ?? planned(), [origin.url], options.drawPort);
    try {
      await scene({
        url: edge.url,
        counts: origin.counts,
        ask: async (path = '/page') => {
          const from = performance.now();
          const response = await fetch(`${edge.url}${path}`);
          const body = await response.text();
          return { body, status: response.headers.get('cache-status'), tookMs: performance.now() - from };
        },
      });
    } finally {
      await edge.stop();
    }
    expect(existsSync(join(context.folder, 'edge'))).toBe(false);
    await expect(fetch(edge.url)).rejects.toThrow();
  } finally {
    await keeper[Symbol.asyncDispose]();
    await origin.close();
    context.end();
  }
}

describe.skipIf(missing !== null)(`nginx as an edge${missing === null ? '' : `: skipped, ${missing}`}`, () => {
  test('a page that is asked for again does not reach the service, and says so', () =>
    behindEdge({ cacheControl: 'public, max-age=0, s-maxage=30' }, async ({ ask, counts }) => {
      expect((await ask()).status).toBe('shop; fwd=miss; stored; detail=miss, edge; fwd=uri-miss');
      for (let i = 0; i < 20; i += 1) expect(await ask()).toMatchObject({ body: 'v1', status: 'edge; hit' });
      expect(counts).toEqual({ full: 1, notModified: 0 });
    }));

  test('without Cache-Control nothing is kept', () =>
    behindEdge({ cacheControl: '' }, async ({ ask, counts }) => {
      for (let i = 0; i < 3; i += 1) await ask();
      expect(counts.full).toBe(3);
    }));

  test('a page whose time is over is asked for with its tag, and 304 makes it fresh again', () =>
    behindEdge({ cacheControl: 'public, s-maxage=1' }, async ({ ask, counts }) => {
      await ask();
      await delay(2100);
      expect(await ask()).toMatchObject({ body: 'v1', status: 'edge; fwd=stale; fwd-status=304; detail=miss' });
      expect((await ask()).status).toBe('edge; hit');
      expect(counts).toEqual({ full: 1, notModified: 1 });
    }));

  test('stale-while-revalidate shows the old page at once and fetches the new one behind it', () =>
    behindEdge(
      { cacheControl: 'public, s-maxage=1, stale-while-revalidate=60', delayMs: 700 },
      async ({ url, ask, counts }) => {
        expect((await ask()).tookMs).toBeGreaterThan(600);
        await fetch(`${url}/page`, { method: 'PUT' });
        await delay(2100);
        const stale = await Promise.all(Array.from({ length: 10 }, () => ask()));
        for (const answer of stale) {
          expect(answer).toMatchObject({ body: 'v1', status: 'edge; hit; detail=stale' });
          expect(answer.tookMs).toBeLessThan(600);
        }
        await expect.poll(async () => (await ask()).body, { timeout: 5000, interval: 100 }).toBe('v2');
        expect(counts).toEqual({ full: 2, notModified: 0 });
      },
    ));

  test('known failure: after a write the edge shows the old page until its time is over', () =>
    behindEdge({ cacheControl: 'public, s-maxage=3' }, async ({ url, ask }) => {
      await ask();
      expect(await (await fetch(`${url}/page`, { method: 'PUT' })).text()).toBe('v2');
      expect(await ask()).toMatchObject({ body: 'v1', status: 'edge; hit' });
      await expect.poll(async () => (await ask()).body, { timeout: 8000, interval: 100 }).toBe('v2');
    }));

  test('the lock lets one request fetch a new page; without it all go', async () => {
    const crowd = async (lock: boolean): Promise<number> => {
      let full = 0;
      await behindEdge(
        { cacheControl: 'public, s-maxage=30', delayMs: 400, edge: planned({ lock }) },
        async ({ ask, counts }) => {
          await Promise.all(Array.from({ length: 12 }, () => ask()));
          full = counts.full;
        },
      );
      return full;
    };
    expect(await crowd(true)).toBe(1);
    expect(await crowd(false)).toBeGreaterThan(6);
  });

  test('known failure: the lock does not hold for a page that has expired, where nothing stale may be shown', () =>
    behindEdge({ cacheControl: 'public, s-maxage=1', delayMs: 400 }, async ({ ask, counts }) => {
      await ask();
      await delay(2100);
      await Promise.all(Array.from({ length: 12 }, () => ask()));
      expect(counts.notModified + counts.full - 1).toBeGreaterThan(6);
    }));

  test('known failure: who waits for the lock looks for the page only every 500 ms', () =>
    behindEdge({ cacheControl: 'public, s-maxage=30', delayMs: 100 }, async ({ ask, counts }) => {
      const answers = await Promise.all(Array.from({ length: 5 }, () => ask()));
      const waited = answers.filter(({ status }) => status === 'edge; hit');
      expect(waited).toHaveLength(4);
      for (const { tookMs } of waited) expect(tookMs).toBeGreaterThan(450);
      expect(counts.full).toBe(1);
    }));

  test('a port that is taken is found out by nginx, and another is drawn', async () => {
    const occupied = await occupyPort();
    try {
      const draws = [occupied.port];
      const drawPort = (): number => draws.shift() ?? randomPort();
      await behindEdge({ cacheControl: 'public, s-maxage=30', drawPort }, async ({ url, ask }) => {
        expect(new URL(url).port).not.toBe(String(occupied.port));
        expect((await ask()).body).toBe('v1');
      });
    } finally {
      occupied.close();
    }
  });

  test('an edge that dies ends the run; one that is stopped does not', async () => {
    const context = testContext(newId());
    const stack = await localEnvironment.start(context);
    const plan = { ...tinyPlan, edge: planned() } as RunPlan;
    try {
      const service = await stack.startService(plan, tinyTarget());
      expect((await get(`${service.edge?.url}/told`)).text).toContain('TINY_INDEX');
      expect(service.edge?.version).toMatch(/^nginx \d/);
      let died: unknown = null;
      service.died.catch((error: unknown) => (died = error));
      await service[Symbol.asyncDispose]();
      await delay(50);
      expect(died).toBeNull();
      await expect(fetch(`${service.edge?.url}/told`)).rejects.toThrow();
      // The next run's edge is another one.
      const next = await stack.startService(plan, tinyTarget());
      expect((await get(`${next.edge?.url}/ready`)).text).toBe('ready');
      await next[Symbol.asyncDispose]();
      const dying = await stack.startService(plan, tinyTarget());
      const journal = readFileSync(
        join((context.journal as unknown as { folder: string }).folder, 'journal.jsonl'),
        'utf8',
      );
      const entries = journal
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as JournalEntry);
      const edges = entries.filter((entry) => entry.kind === 'process').filter(({ what }) => what === 'edge');
      expect(edges.map(isSameProcess)).toEqual([false, false, true]);
      process.kill(edges[2]!.pid, 'SIGKILL');
      await expect(dying.died).rejects.toMatchObject({
        code: 'NGINX_FAILED',
        message: expect.stringContaining('was ended by SIGKILL'),
      });
      await dying[Symbol.asyncDispose]();
      const without = await stack.startService(tinyPlan, tinyTarget());
      expect(without.edge).toBeUndefined();
      await without[Symbol.asyncDispose]();
    } finally {
      await stack[Symbol.asyncDispose]();
      context.end();
    }
  });
});

test('without nginx the error names the command that brings it', async () => {
  await expect(findNginx(['/nonexistent'])).rejects.toMatchObject({
    code: 'NGINX_MISSING',
    exitCode: 3,
    hint: expect.stringContaining('install'),
  });
});

const ping = await pingEngine();
const without = ping.answers ? '' : `: skipped, ${ping.reason}`;
test.skipIf(!ping.answers)(
  `an nginx image that cannot be had is named, with the way to change it${without}`,
  async () => {
    const context = testContext(newId(), testOptions({ nginxImage: 'localhost:1/cachequake/none:1' }));
    const stack = await dockerEnvironment.start(context);
    try {
      await expect(stack.startService({ ...tinyPlan, edge: planned() }, tinyTarget())).rejects.toMatchObject({
        code: 'IMAGE_MISSING',
        message: expect.stringContaining('localhost:1/cachequake/none:1'),
        hint: expect.stringContaining('CACHEQUAKE_NGINX_IMAGE'),
      });
    } finally {
      await stack[Symbol.asyncDispose]();
      context.end();
    }
  },
);
