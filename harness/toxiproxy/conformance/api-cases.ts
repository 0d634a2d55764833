/** The HTTP API: proxies, statuses, error texts, update, populate, reset, version. */
import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict';
import type { Case, ProxyFields } from './case.ts';

export const apiCases: readonly Case[] = [
  {
    name: 'version is 2.12.0, with a newline',
    async run(bed) {
      const answer = await bed.http('GET', '/version');
      strictEqual(answer.status, 200);
      match(answer.contentType, /^application\/json/);
      match(answer.text, /^\{"version": "2\.12\.\d+"\}\n$/);
    },
  },
  {
    name: 'browsers get 403',
    async run(bed) {
      const answer = await bed.http('GET', '/version', undefined, { 'User-Agent': 'Mozilla/5.0 (X11)' });
      strictEqual(answer.status, 403);
    },
  },
  {
    name: 'a wrong verb is 405, an unknown route 404',
    async run(bed) {
      strictEqual((await bed.http('DELETE', '/proxies')).status, 405);
      strictEqual((await bed.http('GET', '/reset')).status, 405);
      strictEqual((await bed.http('PUT', `/proxies/${bed.name()}`)).status, 405);
      const unknown = await bed.http('GET', '/no-such-route');
      strictEqual(unknown.status, 404);
      strictEqual(unknown.text, '404 page not found\n');
    },
  },
  {
    name: 'a proxy is made, listed, shown and removed',
    async run(bed) {
      const name = bed.name();
      const made = await bed.expect<ProxyFields>(201, 'POST', '/proxies', {
        name,
        listen: 'localhost:0',
        upstream: 'localhost:20001',
      });
      match(made.listen, /^127\.0\.0\.1:[1-9]\d*$/);
      strictEqual(made.upstream, 'localhost:20001');
      strictEqual(made.enabled, true);
      deepStrictEqual(made.toxics, []);
      const shown = await bed.show(name);
      strictEqual(shown.listen, made.listen);
      const list = await bed.expect<Record<string, ProxyFields>>(200, 'GET', '/proxies');
      strictEqual(list[name]?.listen, made.listen);
      ok(await bed.isUp(made.listen));
      const gone = await bed.http('DELETE', `/proxies/${name}`);
      strictEqual(gone.status, 204);
      strictEqual(gone.text, '');
      ok(!(await bed.isUp(made.listen)));
    },
  },
  {
    name: 'keys in any case, unknown keys ignored',
    async run(bed) {
      const made = await bed.expect<ProxyFields>(201, 'POST', '/proxies', {
        NAME: bed.name(),
        Listen: '127.0.0.1:0',
        upStream: '127.0.0.1:1',
        colour: 'red',
      });
      strictEqual(made.upstream, '127.0.0.1:1');
    },
  },
  {
    name: 'bad bodies and missing fields are 400',
    async run(bed) {
      const bad = /^bad request body: ./;
      await bed.expectError(400, bad, 'POST', '/proxies', '{');
      await bed.expectError(400, bad, 'POST', '/proxies', '');
      await bed.expectError(400, bad, 'POST', '/proxies', { name: 5, upstream: 'a:1' });
      await bed.expectError(400, 'missing required field: name', 'POST', '/proxies', { upstream: '127.0.0.1:1' });
      await bed.expectError(400, 'missing required field: upstream', 'POST', '/proxies', { name: 'x' });
    },
  },
  {
    name: 'what is not there is 404',
    async run(bed) {
      const gone = `/proxies/${bed.name()}`;
      const calls: [string, string][] = [
        ['GET', gone],
        ['POST', gone],
        ['DELETE', gone],
        ['GET', `${gone}/toxics`],
        ['POST', `${gone}/toxics`],
        ['GET', `${gone}/toxics/x`],
        ['DELETE', `${gone}/toxics/x`],
      ];
      for (const [method, path] of calls)
        await bed.expectError(404, 'proxy not found', method, path, method === 'POST' ? {} : undefined);
      const { name } = await bed.proxy('127.0.0.1:1');
      for (const method of ['GET', 'POST', 'DELETE'])
        await bed.expectError(
          404,
          'toxic not found',
          method,
          `/proxies/${name}/toxics/x`,
          method === 'POST' ? {} : undefined,
        );
    },
  },
  {
    name: 'a name or a port that is taken is refused, and free again after removal',
    async run(bed) {
      const first = await bed.proxy('127.0.0.1:1');
      await bed.expectError(409, 'proxy already exists', 'POST', '/proxies', {
        name: first.name,
        listen: '127.0.0.1:0',
        upstream: '127.0.0.1:1',
      });
      const second = { name: bed.name(), listen: first.listen, upstream: '127.0.0.1:1' };
      const inUse = `listen tcp ${first.listen}: bind: address already in use`;
      await bed.expectError(500, inUse, 'POST', '/proxies', second);
      await bed.expectError(404, 'proxy not found', 'GET', `/proxies/${second.name}`);
      await bed.expect(204, 'DELETE', `/proxies/${first.name}`);
      await bed.expect(201, 'POST', '/proxies', second);
    },
  },
  {
    name: 'a disabled proxy keeps its address as written, and can be switched on and off',
    async run(bed) {
      const name = bed.name();
      const listen = await bed.deadAddress();
      const made = await bed.expect<ProxyFields>(201, 'POST', '/proxies', {
        name,
        listen: listen.replace('127.0.0.1', 'localhost'),
        upstream: '127.0.0.1:1',
        enabled: false,
      });
      strictEqual(made.listen, listen.replace('127.0.0.1', 'localhost'));
      strictEqual(made.enabled, false);
      ok(!(await bed.isUp(listen)));
      const on = await bed.expect<ProxyFields>(200, 'POST', `/proxies/${name}`, { enabled: true });
      strictEqual(on.enabled, true);
      strictEqual(on.listen, listen);
      ok(await bed.isUp(listen));
      const off = await bed.expect<ProxyFields>(200, 'PATCH', `/proxies/${name}`, { enabled: false });
      strictEqual(off.enabled, false);
      ok(!(await bed.isUp(listen)));
    },
  },
  {
    name: 'reset switches on and removes toxics',
    async run(bed) {
      const { name, listen } = await bed.proxy('127.0.0.1:1');
      await bed.toxic(name, 'latency', 'downstream', { latency: 100, jitter: 10 });
      await bed.expect(200, 'POST', `/proxies/${name}`, { enabled: false });
      const answer = await bed.http('POST', '/reset');
      strictEqual(answer.status, 204);
      const shown = await bed.show(name);
      strictEqual(shown.enabled, true);
      deepStrictEqual(shown.toxics, []);
      ok(await bed.isUp(listen));
    },
  },
];
