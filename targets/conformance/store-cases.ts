/** What every store must do alike, so that a defence behaves the same in memory and on Redis. */
import assert from 'node:assert/strict';
import type { Entry, Store } from '../../harness/contract/store.ts';
import type { Clock } from '../../harness/contract/time.ts';

interface StoreCase {
  name: string;
  /** The store is empty. */
  run(store: Store, clock: Clock): Promise<void>;
}

const KEEP = { keepMs: 60_000 };

function entryOf(version: number, expiresAtMs = 1000, key = 'k'): Entry<string> {
  return { key, value: `v${version}`, version, storedAtMs: 0.25, expiresAtMs, recomputeMs: 1.5 };
}

async function versionOf(store: Store): Promise<number | null> {
  return (await store.get('k'))?.version ?? null;
}

export const storeCases: StoreCase[] = [
  {
    name: 'gives back what was set, with every field and any JSON value',
    async run(store) {
      for (const value of ['text', '[1,2', 0, '', { deep: ['ü', '\u2028', { n: 1.5 }] }, null]) {
        const entry = { ...entryOf(1), value };
        assert.equal(await store.set(entry, KEEP), true);
        assert.deepEqual(await store.get('k'), entry);
      }
      assert.equal(await store.get('other'), null);
    },
  },
  {
    name: 'gives back a marker of a row that does not exist, which any version replaces',
    async run(store) {
      const marker: Entry<null> = { ...entryOf(0), value: null, absent: true };
      await store.set(marker, KEEP);
      assert.deepEqual(await store.get('k'), marker);
      assert.equal(await store.set(entryOf(1), { ...KEEP, ifNewer: true }), true);
      assert.deepEqual(await store.get('k'), entryOf(1));
    },
  },
  {
    name: 'tracking tells of every set and delete of an entry, until it is closed',
    async run(store, clock) {
      if (!store.track) return;
      const heard: string[] = [];
      const subscription = await store.track({ invalidated: (key) => heard.push(key), lost: () => {} });
      await store.set(entryOf(1), KEEP);
      await store.lock('k', 'a', 300);
      await store.delete('k');
      await clock.sleep(200);
      assert.deepEqual(heard, ['k', 'k']);
      await subscription.close();
      await store.set(entryOf(1), KEEP);
      await clock.sleep(200);
      assert.equal(heard.length, 2);
    },
  },
  {
    name: 'keeps an entry for keepMs, whatever its logical TTL is',
    async run(store, clock) {
      await store.set(entryOf(1, 0), { keepMs: 300 });
      assert.equal(await versionOf(store), 1);
      await clock.sleep(400);
      assert.equal(await versionOf(store), null);
    },
  },
  {
    name: 'ifAbsent stores only where nothing is there',
    async run(store) {
      assert.equal(await store.set(entryOf(1), { ...KEEP, ifAbsent: true }), true);
      assert.equal(await store.set(entryOf(2), { ...KEEP, ifAbsent: true }), false);
      assert.equal(await versionOf(store), 1);
    },
  },
  {
    name: 'ifNewer stores only over a smaller version',
    async run(store) {
      const set = (version: number): Promise<boolean> => store.set(entryOf(version), { ...KEEP, ifNewer: true });
      assert.deepEqual([await set(9), await set(10), await set(10), await set(2)], [true, true, false, false]);
      assert.equal(await versionOf(store), 10);
    },
  },
  {
    name: 'ifExpiredAtMs stores only where nothing fresh is there',
    async run(store) {
      const set = (version: number, atMs: number): Promise<boolean> =>
        store.set(entryOf(version, 1000.5), { ...KEEP, ifExpiredAtMs: atMs });
      assert.deepEqual([await set(1, 5), await set(2, 1000.25), await set(3, 1000.5)], [true, false, true]);
      assert.equal(await versionOf(store), 3);
    },
  },
  {
    name: 'whileLockToken stores only while the lock is held with this token',
    async run(store, clock) {
      const set = (token: string): Promise<boolean> => store.set(entryOf(1), { ...KEEP, whileLockToken: token });
      assert.equal(await set('a'), false);
      await store.lock('k', 'a', 300);
      assert.deepEqual([await set('b'), await set('a')], [false, true]);
      await clock.sleep(400);
      assert.equal(await set('a'), false);
    },
  },
  {
    name: 'all conditions of one set must hold',
    async run(store) {
      await store.lock('k', 'a', 60_000);
      const options = { ...KEEP, whileLockToken: 'a', ifNewer: true };
      assert.deepEqual([await store.set(entryOf(2), options), await store.set(entryOf(1), options)], [true, false]);
    },
  },
  {
    name: 'a lock is held by one, until it is released by its token or runs out',
    async run(store, clock) {
      assert.deepEqual([await store.lock('k', 'a', 300), await store.lock('k', 'b', 300)], [true, false]);
      assert.equal(await store.lock('other', 'b', 300), true);
      assert.deepEqual([await store.unlock('k', 'b'), await store.unlock('k', 'a')], [false, true]);
      assert.equal(await store.unlock('k', 'a'), false);
      assert.equal(await store.lock('k', 'c', 300), true);
      await clock.sleep(400);
      assert.deepEqual([await store.unlock('k', 'c'), await store.lock('k', 'd', 300)], [false, true]);
    },
  },
  {
    name: 'delete removes the entry and voids its lock',
    async run(store) {
      await store.set(entryOf(1), KEEP);
      await store.lock('k', 'a', 60_000);
      await store.delete('k');
      assert.equal(await versionOf(store), null);
      assert.equal(await store.set(entryOf(1), { ...KEEP, whileLockToken: 'a' }), false);
      assert.equal(await store.lock('k', 'b', 300), true);
    },
  },
  {
    name: 'a lease is handed out once where nothing fresh is there; only its token fills, and storing ends it',
    async run(store, clock) {
      if (!store.lease) return;
      const ask = (token: string, nowMs = 0) => store.lease!<string>('k', token, 300, nowMs);
      assert.deepEqual(await ask('a'), { entry: null, granted: true });
      assert.deepEqual(await ask('b'), { entry: null, granted: false });
      assert.equal(await store.set(entryOf(1), { ...KEEP, whileLeaseToken: 'b' }), false);
      assert.equal(await store.set(entryOf(1), { ...KEEP, whileLeaseToken: 'a' }), true);
      assert.equal(await store.set(entryOf(2), { ...KEEP, whileLeaseToken: 'a' }), false);
      assert.deepEqual(await ask('c'), { entry: entryOf(1), granted: false });
      assert.deepEqual(await ask('d', 1000), { entry: entryOf(1), granted: true });
      await clock.sleep(400);
      assert.equal((await ask('e', 1000)).granted, true);
    },
  },
  {
    name: 'a delete voids the lease, so a late fill is refused',
    async run(store) {
      if (!store.lease) return;
      await store.lease('k', 'a', 60_000, 0);
      await store.delete('k');
      assert.equal(await store.set(entryOf(1), { ...KEEP, whileLeaseToken: 'a' }), false);
      assert.equal((await store.lease('k', 'b', 60_000, 0)).granted, true);
    },
  },
  {
    name: 'a lease given back by its token is free again at once, and its token no longer fills',
    async run(store) {
      if (!store.lease || !store.endLease) return;
      await store.lease('k', 'a', 60_000, 0);
      assert.deepEqual([await store.endLease('k', 'b'), await store.endLease('k', 'a')], [false, true]);
      assert.equal(await store.set(entryOf(1), { ...KEEP, whileLeaseToken: 'a' }), false);
      assert.equal((await store.lease('k', 'c', 60_000, 0)).granted, true);
      assert.equal(await store.endLease('k', 'a'), false);
    },
  },
  {
    name: 'a tombstone reads as nothing, refuses versions up to its own, and goes with its time',
    async run(store, clock) {
      if (!store.capabilities.has('tombstone')) return;
      const set = (version: number): Promise<boolean> => store.set(entryOf(version), { ...KEEP, ifNewer: true });
      await set(4);
      await store.delete('k', { tombstone: { version: 5, keepMs: 300 } });
      assert.equal(await versionOf(store), null);
      assert.deepEqual([await set(4), await set(5), await set(6)], [false, false, true]);
      await store.delete('k', { tombstone: { version: 9, keepMs: 300 } });
      await clock.sleep(400);
      assert.equal(await set(7), true);
    },
  },
  {
    name: 'a set that may not be older refreshes the same version, and passes neither a newer one nor its tombstone',
    async run(store) {
      if (!store.capabilities.has('not-older')) return;
      const set = (version: number): Promise<boolean> => store.set(entryOf(version), { ...KEEP, ifNotOlder: true });
      assert.deepEqual([await set(4), await set(4), await set(3), await set(5)], [true, true, false, true]);
      if (!store.capabilities.has('tombstone')) return;
      await store.delete('k', { tombstone: { version: 7, keepMs: 60_000 } });
      assert.deepEqual([await set(6), await set(7)], [false, true]);
    },
  },
  {
    name: 'a tombstone never falls: deletes of two writers that overtook each other leave the greater version',
    async run(store) {
      if (!store.capabilities.has('not-older') || !store.capabilities.has('tombstone')) return;
      const set = (version: number): Promise<boolean> => store.set(entryOf(version), { ...KEEP, ifNotOlder: true });
      const bury = (version: number): Promise<void> => store.delete('k', { tombstone: { version, keepMs: 60_000 } });
      await bury(5);
      await bury(4);
      assert.deepEqual([await set(4), await set(6)], [false, true]);
      await bury(5);
      assert.deepEqual([await versionOf(store), await set(5), await set(6)], [null, false, true]);
    },
  },
  {
    name: 'an announcement reaches every subscriber, until it closes',
    async run(store, clock) {
      if (!store.subscribe || !store.announce) return;
      const heard: string[] = [];
      const subscriptions = await Promise.all(
        ['x', 'y'].map((who) =>
          store.subscribe!({ invalidated: (key) => heard.push(`${who}:${key}`), lost: () => {} }),
        ),
      );
      await store.announce('k');
      await clock.sleep(200);
      assert.deepEqual(heard.toSorted(), ['x:k', 'y:k']);
      await Promise.all(subscriptions.map((one) => one.close()));
      await store.announce('k');
      await clock.sleep(200);
      assert.equal(heard.length, 2);
    },
  },
  {
    name: 'of many who want the lock at once one gets it',
    async run(store) {
      const won = await Promise.all(Array.from({ length: 50 }, (_, i) => store.lock('k', `t${i}`, 60_000)));
      assert.equal(won.filter(Boolean).length, 1);
    },
  },
];
