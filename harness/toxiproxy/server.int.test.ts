/** What the embedded server does beyond Toxiproxy: seeds, counts, values that would crash the original. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { TestBed, ending, read, roundTripMs } from './conformance/case.ts';
import type { ProxyFields } from './conformance/case.ts';
import type { RunningToxiproxy } from './server.ts';
import { startToxiproxy } from './server.ts';

const open: { close(): Promise<void> }[] = [];

async function started(seed = 1): Promise<{ server: RunningToxiproxy; bed: TestBed }> {
  const server = await startToxiproxy({ host: '127.0.0.1', port: 0, seed });
  const bed = new TestBed(server.url);
  open.push(server, bed);
  return { server, bed };
}

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

interface Counts {
  open: number;
  total: number;
  affected: number;
}

const counts = (bed: TestBed, name: string): Promise<Counts> =>
  bed.expect<Counts>(200, 'GET', `/cachequake/proxies/${name}/connections`);

async function untilCounts(bed: TestBed, name: string, expected: Counts): Promise<void> {
  await expect.poll(() => counts(bed, name), { timeout: 3000, interval: 10 }).toEqual(expected);
}

test('the same seed draws the same connections, another seed others', async () => {
  const pattern = async (seed: number): Promise<string> => {
    const { bed } = await started(seed);
    const { listen } = await bed.expect<ProxyFields>(201, 'POST', '/proxies', {
      name: 'redis-0',
      listen: '127.0.0.1:0',
      upstream: await bed.echo(),
    });
    await bed.toxic('redis-0', 'limit_data', 'downstream', { bytes: 0 }, { toxicity: 0.5 });
    let drawn = '';
    for (let i = 0; i < 40; i++) {
      const client = await bed.dial(listen);
      const outcome = await Promise.race([
        ending(client).then(() => 'x'),
        roundTripMs(client, 'hello').then(
          () => '.',
          () => 'x',
        ),
      ]);
      drawn += outcome;
      client.destroy();
    }
    return drawn;
  };
  const first = await pattern(7);
  expect(await pattern(7)).toBe(first);
  expect(await pattern(8)).not.toBe(first);
  expect(first).toMatch(/x/);
  expect(first).toMatch(/\./);
});

test('connections are counted: open, in all, and those that a toxic or a cut has touched', async () => {
  const { bed } = await started();
  const { name, listen } = await bed.proxy(await bed.echo());
  const busy = await bed.dial(listen);
  const idle = await bed.dial(listen);
  await roundTripMs(busy, 'x');
  await roundTripMs(idle, 'x');
  await untilCounts(bed, name, { open: 2, total: 2, affected: 0 });
  await bed.toxic(name, 'noop', 'downstream', {});
  await bed.toxic(name, 'latency', 'downstream', { latency: 5 }, { name: 'undrawn', toxicity: 0 });
  await bed.toxic(name, 'limit_data', 'downstream', { bytes: 1000 });
  await roundTripMs(busy, 'x');
  await untilCounts(bed, name, { open: 2, total: 2, affected: 0 });
  await bed.toxic(name, 'latency', 'downstream', { latency: 5 });
  await roundTripMs(busy, 'x');
  await untilCounts(bed, name, { open: 2, total: 2, affected: 1 });
  busy.destroy();
  await untilCounts(bed, name, { open: 1, total: 2, affected: 1 });
  await bed.expect(200, 'POST', `/proxies/${name}`, { enabled: false });
  await untilCounts(bed, name, { open: 0, total: 2, affected: 2 });
  await bed.expectError(404, 'proxy not found', 'GET', '/cachequake/proxies/nobody/connections');
});

test('values that crash a real server are 400, and this one goes on', async () => {
  const { bed } = await started();
  const { name, listen } = await bed.proxy(await bed.echo());
  const path = `/proxies/${name}/toxics`;
  const bad: [string, Record<string, number>][] = [
    ['bandwidth', { rate: -1 }],
    ['slicer', {}],
    ['slicer', { average_size: 0, size_variation: 0 }],
    ['slicer', { average_size: 10, size_variation: 11 }],
    ['slicer', { average_size: 10, size_variation: -11 }],
    ['latency', { latency: 1, jitter: 2 ** 63 }],
    ['bandwidth', { rate: 2 ** 60 }],
  ];
  for (const [type, attributes] of bad)
    await bed.expectError(400, /^bad request body: ./, 'POST', path, { type, attributes });
  await bed.toxic(name, 'bandwidth', 'downstream', { rate: 100 });
  await bed.expectError(400, /rate/, 'POST', `${path}/bandwidth_downstream`, { attributes: { rate: -1 } });
  await bed.toxic(name, 'latency', 'upstream', { latency: -1000, jitter: -5 });
  await roundTripMs(await bed.dial(listen), 'still here');
});

test('what a client sent before its end still arrives through latency', async () => {
  const { bed } = await started();
  let arrived: ReturnType<typeof ending> | null = null;
  const upstream = await bed.server((socket) => {
    arrived = ending(socket);
  });
  const { name, listen } = await bed.proxy(upstream);
  await bed.toxic(name, 'latency', 'upstream', { latency: 150 });
  const client = await bed.dial(listen);
  client.end('last words');
  await expect.poll(() => arrived, { timeout: 2000 }).not.toBeNull();
  const { data, code } = await (arrived as unknown as ReturnType<typeof ending>);
  expect(data.toString()).toBe('last words');
  expect(code).toBeNull();
  await untilCounts(bed, name, { open: 0, total: 1, affected: 1 });
});

test('an upstream that does not answer the dial holds up nobody, and can be cut', async () => {
  const { bed } = await started();
  // A listener whose queue is full and who never accepts: dialling it hangs.
  const script = `const s = require('net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    require('fs').writeSync(1, String(s.address().port));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  open.push({
    close: async () => {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
  });
  const [port] = (await once(child.stdout, 'data')) as [Buffer];
  const address = `127.0.0.1:${port.toString()}`;
  for (let i = 0; i < 4; i++) void bed.dial(address).catch(() => {});
  await delay(100);
  const { name, listen } = await bed.proxy(address);
  const clients = [await bed.dial(listen), await bed.dial(listen), await bed.dial(listen)];
  await untilCounts(bed, name, { open: 3, total: 3, affected: 0 });
  const ends = clients.map((client) => ending(client, 2000));
  await bed.expect(200, 'POST', `/proxies/${name}`, { enabled: false });
  await Promise.all(ends);
  await untilCounts(bed, name, { open: 0, total: 3, affected: 3 });
});

test('an answer larger than the read buffer, and a pause in the middle, keep every byte', async () => {
  const { bed } = await started();
  const big = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 7) & 255));
  const upstream = await bed.server((socket) => {
    socket.write(big.subarray(0, 100));
    setTimeout(() => socket.end(big.subarray(100)), 50);
  });
  const { listen } = await bed.proxy(upstream);
  const client = await bed.dial(listen);
  expect((await read(client, 100)).equals(big.subarray(0, 100))).toBe(true);
  await delay(100);
  const { data } = await ending(client);
  expect(data.equals(big.subarray(100))).toBe(true);
});

test('a taken port is an error with a hint; close leaves nothing listening', async () => {
  const { server, bed } = await started();
  const { listen } = await bed.proxy(await bed.echo());
  await expect(startToxiproxy({ host: '127.0.0.1', port: server.port, seed: 1 })).rejects.toMatchObject({
    code: 'PORT_TAKEN',
    hint: expect.stringContaining('port 0') as string,
  });
  const client = await bed.dial(listen);
  await roundTripMs(client, 'x');
  const end = ending(client, 2000);
  await server.close();
  await end;
  expect(await bed.isUp(listen)).toBe(false);
  const again = createServer().listen(server.port, '127.0.0.1');
  await once(again, 'listening');
  expect((again.address() as AddressInfo).port).toBe(server.port);
  again.close();
  open.length = 0;
});
