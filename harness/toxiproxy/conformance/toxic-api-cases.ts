/** The HTTP API of toxics: making, listing, changing, removing, defaults and refusals. */
import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import type { Case, ToxicFields } from './case.ts';

const DEFAULTS: Record<string, Record<string, number>> = {
  latency: { latency: 0, jitter: 0 },
  bandwidth: { rate: 0 },
  slow_close: { delay: 0 },
  timeout: { timeout: 0 },
  reset_peer: { timeout: 0 },
  limit_data: { bytes: 0 },
};

export const toxicApiCases: readonly Case[] = [
  {
    name: 'a toxic has defaults: name, downstream, toxicity 1, attributes 0',
    async run(bed) {
      const { name } = await bed.proxy('127.0.0.1:1');
      for (const [type, attributes] of Object.entries(DEFAULTS)) {
        const made = await bed.expect<ToxicFields>(200, 'POST', `/proxies/${name}/toxics`, { type });
        deepStrictEqual(made, { attributes, name: `${type}_downstream`, type, stream: 'downstream', toxicity: 1 });
        deepStrictEqual(await bed.expect(200, 'GET', `/proxies/${name}/toxics/${made.name}`), made);
      }
      const noop = await bed.toxic(name, 'noop', 'upstream', {});
      strictEqual(noop.name, 'noop_upstream');
    },
  },
  {
    name: 'toxics are listed upstream first, then as they were added',
    async run(bed) {
      const { name } = await bed.proxy('127.0.0.1:1');
      await bed.toxic(name, 'latency', 'downstream', {}, { name: 'd1' });
      await bed.toxic(name, 'timeout', 'upstream', {}, { name: 'u1' });
      await bed.toxic(name, 'bandwidth', 'downstream', { rate: 5 }, { name: 'd2' });
      await bed.toxic(name, 'latency', 'upstream', {}, { name: 'u2' });
      const expected = ['u1', 'u2', 'd1', 'd2'];
      const listed = await bed.expect<ToxicFields[]>(200, 'GET', `/proxies/${name}/toxics`);
      deepStrictEqual(
        listed.map((toxic) => toxic.name),
        expected,
      );
      deepStrictEqual(
        (await bed.show(name)).toxics.map((toxic) => toxic.name),
        expected,
      );
    },
  },
  {
    name: 'toxic names are unique across both streams',
    async run(bed) {
      const { name } = await bed.proxy('127.0.0.1:1');
      await bed.toxic(name, 'latency', 'downstream', {}, { name: 'same' });
      await bed.expectError(409, 'toxic already exists', 'POST', `/proxies/${name}/toxics`, {
        name: 'same',
        type: 'slow_close',
        stream: 'upstream',
      });
      strictEqual((await bed.show(name)).toxics[0]?.type, 'latency');
    },
  },
  {
    name: 'bad toxics are 400, the stream before the type',
    async run(bed) {
      const path = `/proxies/${(await bed.proxy('127.0.0.1:1')).name}/toxics`;
      const stream = 'stream was invalid, can be either upstream or downstream';
      await bed.expectError(400, 'invalid toxic type', 'POST', path, { type: 'nothing' });
      await bed.expectError(400, stream, 'POST', path, { type: 'latency', stream: 'sideways' });
      await bed.expectError(400, stream, 'POST', path, { type: 'nothing', stream: 'sideways' });
      const bad = /^bad request body: ./;
      await bed.expectError(400, bad, 'POST', path, '{');
      await bed.expectError(400, bad, 'POST', path, { type: 'latency', attributes: { latency: 1.5 } });
      await bed.expectError(400, bad, 'POST', path, { type: 'latency', attributes: { latency: '1' } });
      deepStrictEqual(await bed.expect(200, 'GET', path), []);
    },
  },
  {
    name: 'an update merges attributes and toxicity, and ignores name, type and stream',
    async run(bed) {
      const { name } = await bed.proxy('127.0.0.1:1');
      const made = await bed.toxic(name, 'latency', 'downstream', { latency: 100, jitter: 10 });
      const path = `/proxies/${name}/toxics/${made.name}`;
      const first = await bed.expect<ToxicFields>(200, 'POST', path, {
        name: 'other',
        type: 'timeout',
        stream: 'upstream',
        attributes: { latency: 200 },
      });
      deepStrictEqual(first, { ...made, attributes: { latency: 200, jitter: 10 } });
      const second = await bed.expect<ToxicFields>(200, 'PATCH', path, {
        toxicity: 0.5,
        attributes: { Jitter: 20 },
      });
      deepStrictEqual(second, { ...made, toxicity: 0.5, attributes: { latency: 200, jitter: 20 } });
      await bed.expectError(400, /^bad request body: ./, 'POST', path, { attributes: { latency: 'x' } });
      deepStrictEqual(await bed.expect(200, 'GET', path), second);
    },
  },
  {
    name: 'a toxic is removed',
    async run(bed) {
      const { name } = await bed.proxy('127.0.0.1:1');
      await bed.toxic(name, 'latency', 'downstream', {}, { name: 'x' });
      const gone = await bed.http('DELETE', `/proxies/${name}/toxics/x`);
      strictEqual(gone.status, 204);
      deepStrictEqual(await bed.expect(200, 'GET', `/proxies/${name}/toxics`), []);
    },
  },
];
