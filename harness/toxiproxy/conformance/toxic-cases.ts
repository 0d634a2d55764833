/** Each toxic does what it says, within bounds that a busy machine keeps and a broken toxic does not. */
import { ok, strictEqual } from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Case, Stream, TestBed } from './case.ts';
import { ending, read, roundTripMs, staysSilent, within } from './case.ts';

/** What a busy machine with few cores may add to any time here; less than the least delay that a toxic adds here. */
const NOISE_MS = 130;

async function through(bed: TestBed): Promise<{ name: string; client: Socket }> {
  const { name, listen } = await bed.proxy(await bed.echo());
  const client = await bed.dial(listen);
  await roundTripMs(client, 'warm');
  return { name, client };
}

function latencyCase(stream: Stream): Case {
  return {
    name: `latency of 200 ± 50 ms, ${stream}`,
    async run(bed) {
      const { name, client } = await through(bed);
      await bed.toxic(name, 'latency', stream, { latency: 200, jitter: 50 });
      const times: number[] = [];
      for (let i = 0; i < 6; i++) times.push(await roundTripMs(client, 'hello'));
      for (const ms of times) within(ms, 149, 250 + NOISE_MS, 'ms for a round trip');
      ok(Math.max(...times) - Math.min(...times) > 1, 'jitter makes the times differ');
      await bed.expect(204, 'DELETE', `/proxies/${name}/toxics/latency_${stream}`);
      within(await roundTripMs(client, 'x'), 0, NOISE_MS, 'ms after removal');
    },
  };
}

function resetCase(stream: Stream): Case {
  return {
    name: `reset_peer after 100 ms, ${stream}: ECONNRESET on both sides`,
    async run(bed) {
      let upstream: ReturnType<typeof ending> | null = null;
      const address = await bed.server((socket) => {
        upstream = ending(socket);
        socket.write('hi');
      });
      const { name, listen } = await bed.proxy(address);
      await bed.toxic(name, 'reset_peer', stream, { timeout: 100 });
      const client = await bed.dial(listen);
      const end = ending(client);
      client.write('hello');
      const { code, afterMs } = await end;
      strictEqual(code, 'ECONNRESET');
      within(afterMs, 90, 100 + NOISE_MS * 2, 'ms until the reset');
      const other = await (upstream as ReturnType<typeof ending> | null);
      // A Unix socket knows no RST; its end is all that there is to see.
      ok(other);
      strictEqual(other.code, address.startsWith('unix:') ? null : 'ECONNRESET');
    },
  };
}

export const toxicCases: readonly Case[] = [
  latencyCase('upstream'),
  latencyCase('downstream'),
  {
    name: 'two latencies of 500 ms make 1,000 ms',
    async run(bed) {
      const { name, client } = await through(bed);
      await bed.toxic(name, 'latency', 'upstream', { latency: 500 }, { name: 'a' });
      await bed.toxic(name, 'latency', 'upstream', { latency: 500 }, { name: 'b' });
      within(await roundTripMs(client, 'x'), 998, 1000 + NOISE_MS * 2, 'ms');
    },
  },
  {
    name: 'messages sent one after the other overlap in latency, in order',
    async run(bed) {
      const { name, client } = await through(bed);
      await bed.toxic(name, 'latency', 'downstream', { latency: 200, jitter: 100 });
      const fromMs = performance.now();
      const back = read(client, 20 * 4);
      for (let i = 0; i < 20; i++) {
        client.write(String(i).padStart(4));
        await delay(5);
      }
      const expected = Array.from({ length: 20 }, (_, i) => String(i).padStart(4)).join('');
      strictEqual((await back).toString(), expected);
      within(performance.now() - fromMs, 100, 600, 'ms for 20 messages');
    },
  },
  {
    name: 'removing latency lets go at once what it held',
    async run(bed) {
      const { name, client } = await through(bed);
      await bed.toxic(name, 'latency', 'upstream', { latency: 30_000 });
      const fromMs = performance.now();
      const back = read(client, 5);
      client.write('hello');
      await delay(100);
      await bed.expect(204, 'DELETE', `/proxies/${name}/toxics/latency_upstream`);
      await back;
      within(performance.now() - fromMs, 99, 1000, 'ms');
    },
  },
  {
    name: 'at least 100 MB/s under latency of 100 ms',
    async run(bed) {
      const piece = Buffer.alloc(64 * 1024);
      const address = await bed.server((socket) => {
        const feed = (): void => {
          while (socket.write(piece));
        };
        socket.on('drain', feed);
        feed();
      });
      const { name, listen } = await bed.proxy(address);
      await bed.toxic(name, 'latency', 'downstream', { latency: 100 });
      const client = await bed.dial(listen);
      let bytes = 0;
      client.on('data', (data) => (bytes += data.length));
      await once(client, 'data');
      // The best of several windows: other work on the machine can slow down each of them, but not speed up one.
      let best = 0;
      for (let window = 0; window < 12 && best < 100; window++) {
        const [fromBytes, fromMs] = [bytes, performance.now()];
        await delay(500);
        best = Math.max(best, (bytes - fromBytes) / 1000 / (performance.now() - fromMs));
      }
      client.destroy();
      ok(best >= 100, `${best.toFixed(0)} MB/s`);
    },
  },
  {
    name: 'bandwidth: 480 KB at 1 MB/s take 480 ms',
    async run(bed) {
      const { name, client } = await through(bed);
      await bed.toxic(name, 'bandwidth', 'upstream', { rate: 1000 });
      const ms = await roundTripMs(client, randomBytes(480_000));
      within(ms, 470, 490 + NOISE_MS * 2, 'ms');
    },
  },
  {
    name: 'bandwidth comes in steps: the first bytes of a long message are early',
    async run(bed) {
      const { name, client } = await through(bed);
      await bed.toxic(name, 'bandwidth', 'downstream', { rate: 50 });
      const fromMs = performance.now();
      client.write(randomBytes(20_000));
      await read(client, 5000);
      within(performance.now() - fromMs, 95, 100 + NOISE_MS * 2, 'ms until the first 5 KB');
      await read(client, 15_000);
      within(performance.now() - fromMs, 390, 400 + NOISE_MS * 2, 'ms until all 20 KB');
    },
  },
  {
    name: 'slow_close delays the close and not the data',
    async run(bed) {
      const address = await bed.server((socket) => socket.end('last words'));
      const { name, listen } = await bed.proxy(address);
      await bed.toxic(name, 'slow_close', 'downstream', { delay: 300 });
      const client = await bed.dial(listen);
      const fromMs = performance.now();
      strictEqual((await read(client, 10)).toString(), 'last words');
      within(performance.now() - fromMs, 0, 200, 'ms until the data');
      await ending(client, 2000);
      within(performance.now() - fromMs, 290, 300 + NOISE_MS * 2, 'ms until the close');
    },
  },
  {
    name: 'timeout drops data and closes after the silence',
    async run(bed) {
      const { name, client } = await through(bed);
      await bed.toxic(name, 'timeout', 'upstream', { timeout: 300 });
      const fromMs = performance.now();
      const end = ending(client);
      for (let i = 0; i < 4; i++) {
        client.write('lost');
        await delay(100);
      }
      const { data } = await end;
      strictEqual(data.length, 0);
      // Counted from the last of the four messages, which was sent after 300 ms.
      within(performance.now() - fromMs, 590, 620 + NOISE_MS * 3, 'ms until the close');
    },
  },
  {
    name: 'timeout 0 never closes; its removal closes both ends',
    async run(bed) {
      let upstream: Promise<unknown> = Promise.resolve();
      const address = await bed.server((socket) => {
        upstream = once(socket, 'close');
        socket.pipe(socket);
      });
      const { name, listen } = await bed.proxy(address);
      const client = await bed.dial(listen);
      await roundTripMs(client, 'x');
      await bed.toxic(name, 'timeout', 'upstream', { timeout: 0 });
      client.write('lost');
      ok(await staysSilent(client, 400), 'nothing comes and nothing ends');
      const end = ending(client, 2000);
      await bed.expect(204, 'DELETE', `/proxies/${name}/toxics/timeout_upstream`);
      strictEqual((await end).data.length, 0);
      await upstream;
    },
  },
  resetCase('upstream'),
  resetCase('downstream'),
  {
    name: 'limit_data closes at the limit, one byte below it does not',
    async run(bed) {
      const address = await bed.echo();
      for (const [size, limit] of [
        [100, 100],
        [150, 100],
        [5, 0],
      ] as const) {
        const { name, listen } = await bed.proxy(address);
        await bed.toxic(name, 'limit_data', 'downstream', { bytes: limit });
        const client = await bed.dial(listen);
        const sent = randomBytes(size);
        const end = ending(client, 2000);
        client.write(sent);
        ok((await end).data.equals(sent.subarray(0, limit)), `${size} bytes, limit ${limit}`);
      }
      const { name, listen } = await bed.proxy(address);
      await bed.toxic(name, 'limit_data', 'downstream', { bytes: 100 });
      const client = await bed.dial(listen);
      await roundTripMs(client, randomBytes(99));
      ok(await staysSilent(client, 150), 'one byte is left');
      const end = ending(client, 2000);
      client.write('ab');
      strictEqual((await end).data.toString(), 'a');
    },
  },
  {
    name: 'limit_data counts on through an update',
    async run(bed) {
      const { name, client } = await through(bed);
      await bed.toxic(name, 'limit_data', 'downstream', { bytes: 100 });
      await roundTripMs(client, randomBytes(50));
      await bed.expect(200, 'POST', `/proxies/${name}/toxics/limit_data_downstream`, { attributes: { bytes: 80 } });
      const end = ending(client, 2000);
      client.write(randomBytes(50));
      strictEqual((await end).data.length, 30);
    },
  },
  {
    name: 'slicer cuts into as many pieces as its sizes say',
    async run(bed) {
      const { name, client } = await through(bed);
      const [average, variation, size] = [100, 50, 5000];
      await bed.toxic(name, 'slicer', 'downstream', {
        average_size: average,
        size_variation: variation,
        delay: 4000,
      });
      let pieces = 0;
      client.on('data', () => pieces++);
      await roundTripMs(client, randomBytes(size));
      // Pieces are of at most 150 bytes; two that come together on a busy machine count as one.
      within(pieces, (size / (average + variation)) * 0.6, size / (average - variation) + 1, 'pieces');
    },
  },
  {
    name: 'a noop does nothing',
    async run(bed) {
      const { name, client } = await through(bed);
      await bed.toxic(name, 'noop', 'upstream', {});
      within(await roundTripMs(client, 'x'), 0, NOISE_MS, 'ms');
    },
  },
];
