/** Toxics that come and go on live connections: nothing is lost, doubled or reordered, and nothing hangs. */
import { ok, strictEqual } from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Case, TestBed } from './case.ts';
import { ending, read, roundTripMs, staysSilent } from './case.ts';

const CHUNKS = 65_535;

/** Sends 65,535 numbers of two bytes each while toxics come and go, and checks every one. */
async function countWhile(bed: TestBed, stir: (name: string) => Promise<void>): Promise<void> {
  const { name, listen } = await bed.proxy(await bed.echo());
  const client = await bed.dial(listen);
  const stopStirring = new AbortController();
  const stirred = (async () => {
    while (!stopStirring.signal.aborted) await stir(name);
  })();
  const arrived = read(client, CHUNKS * 2, 60_000);
  try {
    for (let i = 0; i < CHUNKS; i++) {
      client.write(Buffer.from([i >> 8, i & 255]));
      // In portions, so that there is always something under way while toxics change.
      if (i % 256 === 255) await delay(1);
    }
    const back = await arrived;
    strictEqual(back.length, CHUNKS * 2);
    for (let i = 0; i < CHUNKS; i++) if (back.readUInt16BE(i * 2) !== i) throw new Error(`number ${i} is wrong`);
  } finally {
    stopStirring.abort();
    await stirred;
  }
}

export const linkCases: readonly Case[] = [
  {
    name: '65,535 chunks while latency of 1 s comes and goes',
    run: (bed) =>
      countWhile(bed, async (name) => {
        await bed.toxic(name, 'latency', 'downstream', { latency: 1000 });
        await bed.expect(204, 'DELETE', `/proxies/${name}/toxics/latency_downstream`);
      }),
  },
  {
    name: '65,535 chunks while latency, bandwidth, slicer and noop come, change and go, both ways',
    run: (bed) =>
      countWhile(bed, async (name) => {
        const toxics = `/proxies/${name}/toxics`;
        for (const stream of ['upstream', 'downstream'] as const) {
          await bed.toxic(name, 'bandwidth', stream, { rate: 50 }, { name: `b-${stream}` });
          await bed.toxic(name, 'latency', stream, { latency: 20, jitter: 15 }, { name: `l-${stream}` });
          await bed.toxic(name, 'slicer', stream, { average_size: 8, size_variation: 4, delay: 10 });
          await bed.toxic(name, 'noop', stream, {}, { name: `n-${stream}` });
        }
        await delay(10);
        await bed.expect(200, 'POST', `${toxics}/b-upstream`, { attributes: { rate: 100_000 } });
        await bed.expect(200, 'POST', `${toxics}/l-downstream`, { toxicity: 0 });
        for (const stream of ['downstream', 'upstream'] as const)
          for (const toxic of [`b-${stream}`, `slicer_${stream}`, `n-${stream}`, `l-${stream}`])
            await bed.expect(204, 'DELETE', `${toxics}/${toxic}`);
      }),
  },
  {
    name: 'toxicity from 0 to 1 reaches a live connection',
    async run(bed) {
      const { name, listen } = await bed.proxy(await bed.echo());
      const client = await bed.dial(listen);
      await bed.toxic(name, 'timeout', 'downstream', { timeout: 100 }, { toxicity: 0 });
      await roundTripMs(client, 'x');
      await delay(200);
      await roundTripMs(client, 'x');
      await bed.expect(200, 'POST', `/proxies/${name}/toxics/timeout_downstream`, { toxicity: 1 });
      client.write('x');
      const { data } = await ending(client, 2000);
      strictEqual(data.length, 0);
    },
  },
  {
    name: 'toxicity of one half takes part on some connections and not on others',
    async run(bed) {
      const { name, listen } = await bed.proxy(await bed.echo());
      await bed.toxic(name, 'latency', 'downstream', { latency: 100 }, { toxicity: 0.5 });
      let slow = 0;
      const trip = async (): Promise<void> => {
        const client = await bed.dial(listen);
        if ((await roundTripMs(client, 'x')) >= 90) slow++;
      };
      await Promise.all(Array.from({ length: 60 }, trip));
      // Outside of these bounds once in more than a million runs.
      ok(slow >= 10 && slow <= 50, `${slow} of 60 were slow`);
    },
  },
  {
    name: 'a toxic is removed while data is blocked, and the data arrives',
    async run(bed) {
      const { name, listen } = await bed.proxy(await bed.echo());
      const client = await bed.dial(listen);
      await bed.toxic(name, 'bandwidth', 'upstream', { rate: 0 });
      await bed.toxic(name, 'bandwidth', 'downstream', { rate: 0 });
      const sent = randomBytes(2 * 1024 * 1024);
      client.write(sent);
      ok(await staysSilent(client, 300), 'a rate of 0 lets nothing through');
      const back = read(client, sent.length);
      await bed.expect(204, 'DELETE', `/proxies/${name}/toxics/bandwidth_upstream`);
      await bed.expect(204, 'DELETE', `/proxies/${name}/toxics/bandwidth_downstream`);
      ok((await back).equals(sent));
    },
  },
  {
    name: 'a toxic is removed after the connection broke',
    async run(bed) {
      const { name, listen } = await bed.proxy(await bed.echo());
      const client = await bed.dial(listen);
      await bed.toxic(name, 'bandwidth', 'upstream', { rate: 0 });
      await bed.toxic(name, 'latency', 'upstream', { latency: 60_000 });
      client.write(randomBytes(1024 * 1024));
      await delay(50);
      client.resetAndDestroy();
      await delay(50);
      await bed.expect(204, 'DELETE', `/proxies/${name}/toxics/bandwidth_upstream`);
      await bed.expect(204, 'DELETE', `/proxies/${name}/toxics/latency_upstream`);
      await roundTripMs(await bed.dial(listen), 'x');
    },
  },
  {
    name: 'a slow reader slows the writer: what is held in between is bounded',
    async run(bed) {
      const got = { bytes: 0 };
      const sink = await bed.server((socket) => {
        socket.pause();
        setTimeout(() => {
          socket.on('data', (data) => (got.bytes += data.length)).resume();
        }, 700);
      });
      const { listen } = await bed.proxy(sink);
      const client = await bed.dial(listen);
      const total = 64 * 1024 * 1024;
      const piece = Buffer.alloc(64 * 1024);
      let written = 0;
      const feed = (): void => {
        while (written < total) {
          written += piece.length;
          if (!client.write(piece)) {
            client.once('drain', feed);
            return;
          }
        }
      };
      feed();
      await delay(500);
      strictEqual(got.bytes, 0);
      ok(written < 32 * 1024 * 1024, `${written} bytes were taken though nobody read`);
      for (let waitedMs = 0; got.bytes < total && waitedMs < 20_000; waitedMs += 20) await delay(20);
      strictEqual(got.bytes, total);
    },
  },
];
