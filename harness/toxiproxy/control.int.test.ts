import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ToxicSpec } from '../contract/environment.ts';
import { connectToxiproxy } from './control.ts';
import type { RunningToxiproxy } from './server.ts';
import { startToxiproxy } from './server.ts';

let server: RunningToxiproxy;

beforeAll(async () => {
  server = await startToxiproxy({ host: '127.0.0.1', port: 0, seed: 1 });
});

afterAll(() => server.close());

const toxic = (over: Partial<ToxicSpec>): ToxicSpec => ({
  name: 'slow',
  type: 'latency',
  stream: 'downstream',
  toxicity: 1,
  attributes: { latency: 5 },
  ...over,
});

/** A server that is not Toxiproxy, for as long as `use` runs. */
async function withHttp(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  use: (url: string) => Promise<void>,
): Promise<void> {
  const other = createServer(answer);
  await new Promise<void>((resolve) => {
    other.listen(0, '127.0.0.1', resolve);
  });
  try {
    await use(`http://127.0.0.1:${(other.address() as AddressInfo).port}`);
  } finally {
    other.closeAllConnections();
    other.close();
  }
}

test('a proxy and its toxics through the client, with names that need encoding', async () => {
  const control = connectToxiproxy(`${server.url}/`);
  expect(control.url).toBe(server.url);
  expect(await control.version()).toBe('2.12.0');
  const name = 'redis 0/ü?#%';
  const made = await control.create({ name, listen: 'localhost:0', upstream: '127.0.0.1:1' });
  expect(made).toEqual({
    name,
    listen: expect.stringMatching(/^127\.0\.0\.1:\d+$/) as string,
    upstream: '127.0.0.1:1',
  });
  await control.addToxic(name, toxic({ name: 'a/b c' }));
  await control.addToxic(name, toxic({ name: 'nothing', type: 'noop', attributes: {} }));
  await control.removeToxic(name, 'a/b c');
  await control.setEnabled(name, false);
  const shown = async () =>
    ((await (await fetch(`${server.url}/proxies`)).json()) as Record<string, unknown>)[name] as {
      enabled: boolean;
      toxics: { name: string }[];
    };
  expect(await shown()).toMatchObject({ enabled: false, toxics: [{ name: 'nothing' }] });
  await control.reset();
  expect(await shown()).toMatchObject({ enabled: true, toxics: [] });
  expect(await control.connections(name)).toMatchObject({ open: 0, affected: 0 });
  await control.remove(name);
  expect(await shown()).toBeUndefined();
});

test("errors carry the server's own words", async () => {
  const control = connectToxiproxy(server.url);
  await control.create({ name: 'one', listen: '127.0.0.1:0', upstream: '127.0.0.1:1' });
  await control.addToxic('one', toxic({}));
  const cases: [Promise<unknown>, string][] = [
    [control.setEnabled('none', true), 'proxy not found'],
    [control.remove('none'), 'proxy not found'],
    [control.connections('none'), 'proxy not found'],
    [control.removeToxic('one', 'none'), 'toxic not found'],
    [control.addToxic('one', toxic({})), 'toxic already exists'],
    [control.create({ name: 'one', listen: '127.0.0.1:0', upstream: 'x:1' }), 'proxy already exists'],
    [control.create({ name: 'two', listen: 'local373', upstream: 'x:1' }), 'address local373: missing port in address'],
  ];
  for (const [call, words] of cases)
    await expect(call).rejects.toMatchObject({
      name: 'HarnessError',
      code: 'PROXY_FAILED',
      message: expect.stringContaining(words) as string,
    });
});

test('dangerous and senseless toxics are refused before anything is sent', async () => {
  let requests = 0;
  await withHttp(
    (_, response) => {
      requests++;
      response.end('{}');
    },
    async (url) => {
      const control = connectToxiproxy(url);
      const refused: [Partial<ToxicSpec>, string][] = [
        [{ type: 'bandwidth', attributes: { rate: -1 } }, 'rate of 0 or more'],
        [{ type: 'slicer', attributes: {} }, 'average_size of 1 or more'],
        [{ type: 'slicer', attributes: { average_size: 5, size_variation: 6 } }, 'not above average_size'],
        [{ attributes: { latency: 1.5 } }, 'whole number'],
        [{ attributes: { latency: Number.NaN } }, 'whole number'],
        [{ attributes: { latencyMs: 5 } }, "no attribute 'latencyMs'"],
        [{ type: 'latencyy' }, "no toxic type 'latencyy'"],
        [{ toxicity: 1.5 }, 'toxicity must be from 0 to 1'],
        [{ toxicity: Number.NaN }, 'toxicity must be from 0 to 1'],
      ];
      for (const [over, words] of refused)
        await expect(control.addToxic('one', toxic(over))).rejects.toMatchObject({
          code: 'BAD_PARAMETER',
          message: expect.stringContaining(words) as string,
        });
      expect(requests).toBe(0);
      await control.addToxic('one', toxic({}));
      expect(requests).toBe(1);
    },
  );
});

test('a server without our route, as the real one, gives null for connections', async () => {
  await withHttp(
    (_, response) => {
      response.statusCode = 404;
      response.end('404 page not found\n');
    },
    async (url) => {
      expect(await connectToxiproxy(url).connections('one')).toBeNull();
      await expect(connectToxiproxy(url).setEnabled('one', true)).rejects.toMatchObject({
        code: 'PROXY_FAILED',
        message: expect.stringContaining('404 page not found') as string,
      });
    },
  );
});

test('a server that does not answer is given up', async () => {
  await withHttp(
    () => {},
    async (url) => {
      await expect(connectToxiproxy(url, 200).reset()).rejects.toMatchObject({
        code: 'PROXY_FAILED',
        message: expect.stringContaining('no answer within 200 ms') as string,
      });
    },
  );
});

test('a server that is not Toxiproxy, and none at all', async () => {
  let gone = '';
  await withHttp(
    (_, response) => response.end('<html>'),
    async (url) => {
      gone = url;
      await expect(connectToxiproxy(url).version()).rejects.toMatchObject({
        code: 'PROXY_FAILED',
        message: expect.stringContaining('is not Toxiproxy') as string,
      });
    },
  );
  await expect(connectToxiproxy(gone).version()).rejects.toMatchObject({
    code: 'PROXY_FAILED',
    hint: expect.stringContaining('running') as string,
  });
});
