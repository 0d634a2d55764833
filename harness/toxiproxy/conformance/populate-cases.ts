/** POST /populate: several proxies at once, and what happens to those that are there already. */
import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import type { Case, ProxyFields } from './case.ts';

interface Populated {
  proxies: ProxyFields[] | null;
  error?: string;
  status?: number;
}

export const populateCases: readonly Case[] = [
  {
    name: 'populate makes proxies that are on unless said otherwise',
    async run(bed) {
      const [one, two, three] = [bed.name(), bed.name(), bed.name()];
      const off = await bed.deadAddress();
      const { proxies } = await bed.expect<Populated>(201, 'POST', '/populate', [
        { name: one, listen: '127.0.0.1:0', upstream: '127.0.0.1:1', enabled: true },
        { name: two, listen: '127.0.0.1:0', upstream: '127.0.0.1:1' },
        { name: three, listen: off, upstream: '127.0.0.1:1', enabled: false },
      ]);
      deepStrictEqual(
        proxies?.map((proxy) => [proxy.name, proxy.enabled]),
        [
          [one, true],
          [two, true],
          [three, false],
        ],
      );
      ok(await bed.isUp(proxies[0]?.listen ?? ''));
      ok(await bed.isUp(proxies[1]?.listen ?? ''));
      ok(!(await bed.isUp(off)));
    },
  },
  {
    name: 'populate with nothing answers null',
    async run(bed) {
      deepStrictEqual(await bed.expect(201, 'POST', '/populate', []), { proxies: null });
    },
  },
  {
    name: 'populate leaves an identical proxy alone and replaces a changed one with its toxics',
    async run(bed) {
      const same = await bed.proxy('127.0.0.1:1');
      const other = await bed.proxy('127.0.0.1:1');
      for (const { name } of [same, other]) await bed.toxic(name, 'latency', 'downstream', { latency: 1 });
      const { proxies } = await bed.expect<Populated>(201, 'POST', '/populate', [
        { name: same.name, listen: same.listen.replace('127.0.0.1', 'localhost'), upstream: same.upstream },
        { name: other.name, listen: '127.0.0.1:0', upstream: '127.0.0.1:2' },
      ]);
      strictEqual(proxies?.length, 2);
      strictEqual(proxies[0]?.listen, same.listen);
      strictEqual((await bed.show(same.name)).toxics.length, 1);
      const replaced = await bed.show(other.name);
      strictEqual(replaced.upstream, '127.0.0.1:2');
      strictEqual(replaced.toxics.length, 0);
      ok(!(await bed.isUp(other.listen)));
      ok(await bed.isUp(replaced.listen));
    },
  },
  {
    name: 'populate with a bad name makes nothing',
    async run(bed) {
      const one = bed.name();
      const answer = await bed.http('POST', '/populate', [
        { name: one, listen: '127.0.0.1:0', upstream: '127.0.0.1:1' },
        { name: '', listen: '' },
      ]);
      strictEqual(answer.status, 400);
      const body = answer.body as Populated;
      strictEqual(body.error, 'missing required field: name at proxy 2');
      strictEqual(body.status, 400);
      strictEqual(body.proxies, null);
      await bed.expectError(404, 'proxy not found', 'GET', `/proxies/${one}`);
    },
  },
  {
    name: 'populate stops at the proxy that cannot listen',
    async run(bed) {
      const [one, two, three] = [bed.name(), bed.name(), bed.name()];
      const answer = await bed.http('POST', '/populate', [
        { name: one, listen: '127.0.0.1:0', upstream: '127.0.0.1:1' },
        { name: two, listen: 'local373', upstream: '127.0.0.1:1' },
        { name: three, listen: '127.0.0.1:0', upstream: '127.0.0.1:1' },
      ]);
      strictEqual(answer.status, 500);
      ok((answer.body as Populated).error?.includes('local373'));
      await bed.expect(200, 'GET', `/proxies/${one}`);
      await bed.expectError(404, 'proxy not found', 'GET', `/proxies/${two}`);
      await bed.expectError(404, 'proxy not found', 'GET', `/proxies/${three}`);
    },
  },
];
