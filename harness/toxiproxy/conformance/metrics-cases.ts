/** Byte counts at /metrics, where they are switched on. */
import { ok } from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { Case } from './case.ts';
import { ending, roundTripMs } from './case.ts';

export const metricsCases: readonly Case[] = [
  {
    name: 'metrics count the bytes of both directions by proxy, listener and upstream',
    async run(bed) {
      if ((await bed.http('GET', '/metrics')).status === 404)
        return { skipped: 'the server was started without metrics' };
      const { name, listen, upstream } = await bed.proxy(await bed.echo());
      const client = await bed.dial(listen);
      await roundTripMs(client, 'twelve bytes');
      client.end();
      await ending(client, 2000);
      const expected = (['received', 'sent'] as const).flatMap((what) =>
        (['upstream', 'downstream'] as const).map((direction) => ({ what, direction })),
      );
      let missing = '';
      for (let attempt = 0; attempt < 50; attempt++) {
        const { text } = await bed.http('GET', '/metrics');
        const lines = text.split('\n');
        const absent = expected.find(
          ({ what, direction }) =>
            !lines.some(
              (line) =>
                line.startsWith(`toxiproxy_proxy_${what}_bytes_total{`) &&
                line.endsWith(' 12') &&
                [`direction="${direction}"`, `proxy="${name}"`, `listener="${listen}"`, `upstream="${upstream}"`].every(
                  (label) => line.includes(label),
                ),
            ),
        );
        if (!absent) return;
        missing = `${absent.what} ${absent.direction}`;
        await delay(20);
      }
      ok(false, `no count of 12 bytes for ${missing}`);
    },
  },
];
