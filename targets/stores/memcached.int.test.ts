/** The store and its client on a real Memcached. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Entry, Store } from '../../harness/contract/store.ts';
import { realClock } from '../../harness/kit/clock.ts';
import { storeCases } from '../conformance/store-cases.ts';
import { createMemcachedClient, type MemcachedClient } from './_memcached-client.ts';
import { type MemcachedProcess, startMemcachedProcess } from './_memcached-process.ts';
import { createMemcachedStore } from './memcached.ts';

const TIMEOUT_MS = 300;
let server: MemcachedProcess;
let client: MemcachedClient;
let store: Store;

beforeAll(async () => {
  server = await startMemcachedProcess();
  client = createMemcachedClient(server.url, TIMEOUT_MS);
  await client.connected();
});
afterAll(async () => {
  client.close();
  await server[Symbol.asyncDispose]();
});
beforeEach(async () => {
  store = createMemcachedStore(client, realClock);
  // The suite uses these keys alone.
  for (const key of ['k', 'other', 'ü key']) await store.delete(key);
});

const entryOf = (version: number, expiresAtMs = 1e15): Entry<string> => ({
  key: 'k',
  value: `v${version}`,
  version,
  storedAtMs: 0,
  expiresAtMs,
  recomputeMs: 1,
});
const KEEP = { keepMs: 60_000 };

for (const { name, run } of storeCases) test(name, () => run(store, realClock));

describe('leases', () => {
  test('of many readers who miss at once, over two processes, one may fill', async () => {
    const second = createMemcachedClient(server.url, TIMEOUT_MS);
    await second.connected();
    try {
      const stores = [store, createMemcachedStore(second, realClock)];
      for (const stale of [false, true]) {
        const asked = Array.from({ length: 60 }, (_, i) => stores[i % 2]!.lease!('k', `t${stale}${i}`, 5000, 500));
        const answers = await Promise.all(asked);
        expect(answers.filter(({ granted }) => granted)).toHaveLength(1);
        expect(answers.every(({ entry }) => entry?.version === (stale ? 1 : undefined))).toBe(true);
        const winner = answers.findIndex(({ granted }) => granted);
        const fill = { ...KEEP, whileLeaseToken: `t${stale}${winner}` };
        expect(await stores[winner % 2]!.set(entryOf(stale ? 2 : 1, stale ? 1e15 : 100), fill)).toBe(true);
      }
      expect((await stores[1]!.get('k'))?.version).toBe(2);
    } finally {
      second.close();
    }
  });

  test('a write that came between lease and fill voids the lease', async () => {
    expect((await store.lease!('k', 'a', 5000, 0)).granted).toBe(true);
    await store.set(entryOf(7), KEEP);
    expect(await store.set(entryOf(6), { ...KEEP, whileLeaseToken: 'a' })).toBe(false);
    expect((await store.get('k'))?.version).toBe(7);
  });

  test('known failure: TTLs are whole seconds, so that the lease of a holder who died ends late', async () => {
    expect((await store.lease!('k', 'a', 200, 0)).granted).toBe(true);
    await delay(400);
    expect((await store.lease!('k', 'b', 200, 0)).granted).toBe(false);
    await expect
      .poll(async () => (await store.lease!('k', 'c', 200, 0)).granted, { timeout: 5000, interval: 100 })
      .toBe(true);
  });
});

test('a delete between the look at the lock and the write is seen, also where nothing was there', async () => {
  for (let round = 0; round < 40; round++) {
    await store.delete('k');
    await store.lock('k', 'a', 5000);
    const [stored] = await Promise.all([store.set(entryOf(1), { ...KEEP, whileLockToken: 'a' }), store.delete('k')]);
    // Stored before the delete, or refused: never there behind it.
    expect([true, false]).toContain(stored);
    expect(await store.get('k')).toBe(null);
  }
});

test('keys that Memcached does not take are stored all the same', async () => {
  const entry = { ...entryOf(1), key: 'ü key' };
  await store.set(entry, KEEP);
  expect(await store.get('ü key')).toEqual(entry);
  const long = { ...entryOf(1), key: 'x'.repeat(1000) };
  await store.set(long, KEEP);
  expect(await store.get(long.key)).toEqual(long);
});

test('it tells no messages, and does not say that it could', () => {
  expect(store.capabilities.has('subscribe')).toBe(false);
  expect([store.subscribe, store.announce, store.track]).toEqual([undefined, undefined, undefined]);
});

describe('the client', () => {
  test('answers come to those who asked, over many commands at once and in pieces', async () => {
    const values = Array.from({ length: 300 }, (_, i) => `${i}:${'ä'.repeat((i * 977) % 3000)}`);
    await Promise.all(values.map((value, i) => client.set(`many:${i}`, value, { ttlSec: 60 })));
    const read = await Promise.all(values.map((_, i) => client.get(`many:${i}`)));
    expect(read.map((item) => item?.value)).toEqual(values);
    await client.noop();
  });

  test('a value that is too large is refused, and the connection goes on', async () => {
    await expect(client.set('large', 'x'.repeat(1_100_000), { ttlSec: 60 })).rejects.toThrow(/too large/);
    expect(await client.get('large')).toBe(null);
    await expect(client.get('two words')).rejects.toThrow(/is no key/);
  });

  test('a frozen server costs the time limit, not more, and late answers reach nobody', async () => {
    await client.set('frozen', 'old', { ttlSec: 60 });
    server.freeze();
    // The signal needs a moment to arrive.
    await delay(50);
    const began = performance.now();
    await expect(client.get('frozen')).rejects.toThrow(/no answer within/);
    expect(performance.now() - began).toBeLessThan(TIMEOUT_MS + 500);
    server.thaw();
    await expect.poll(() => client.get('many:7').then((item) => item?.value.startsWith('7:'))).toBe(true);
    expect((await client.get('frozen'))?.value).toBe('old');
  });

  test('a server that is gone is failed fast, and used again when it is back', async () => {
    await server.stop();
    await expect
      .poll(() =>
        client.noop().then(
          () => 'up',
          () => 'away',
        ),
      )
      .toBe('away');
    const began = performance.now();
    await expect(client.get('k')).rejects.toThrow(/not connected|lost/);
    expect(performance.now() - began).toBeLessThan(200);
    await server.restart();
    await expect
      .poll(
        () =>
          client.noop().then(
            () => 'up',
            () => 'away',
          ),
        { timeout: 5000 },
      )
      .toBe('up');
    expect(await client.get('many:7')).toBe(null);
  });
});
