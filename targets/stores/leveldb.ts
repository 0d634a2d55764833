/**
 * Values on the disk of each instance, in LevelDB: for what does not fit in memory. One process has its database to
 * itself, so conditions are judged here, one after the other for each key; LevelDB itself knows neither TTLs nor locks.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClassicLevel } from 'classic-level';
import { z } from 'zod';
import type { Entry, SetOptions, Store, StoreCapability } from '../../harness/contract/store.ts';
import { defineStore } from '../../harness/contract/store-kind.ts';
import type { Clock } from '../../harness/contract/time.ts';
import { jsonCodec } from './_codec.ts';

const CAPABILITIES: ReadonlySet<StoreCapability> = new Set(['get', 'set', 'delete', 'lock', 'tombstone', 'not-older']);

/** Entries whose time is over are looked for this often, and removed. */
const SWEEP_MS = 30_000;
const SWEEP_BATCH = 500;

interface There {
  text: string | null;
  tombstone: number | null;
}

const NOTHING: There = { text: null, tombstone: null };

const endOf = (kept: string): number => Number(kept.slice(0, kept.indexOf('\n')));

export interface LevelStore extends Store {
  /** Removes what has ended; resolves to how many. */
  sweep(): Promise<number>;
}

/** A store on an open database that nobody else uses. */
export function createLevelStore(database: ClassicLevel, clock: Clock): LevelStore {
  const locks = new Map<string, { token: string; untilMs: number }>();
  /** The last operation of each key that decides by what is there. */
  const turns = new Map<string, Promise<unknown>>();

  async function inTurn<R>(key: string, work: () => Promise<R>): Promise<R> {
    const before = turns.get(key) ?? Promise.resolve();
    const mine = before.then(work, work);
    turns.set(key, mine);
    try {
      return await mine;
    } finally {
      if (turns.get(key) === mine) turns.delete(key);
    }
  }

  async function read(key: string): Promise<There> {
    const kept = await database.get(key);
    if (kept === undefined || endOf(kept) <= clock.nowMs()) return NOTHING;
    const text = kept.slice(kept.indexOf('\n') + 1);
    const tombstone = /^\[(\d+)\]$/.exec(text)?.[1];
    return tombstone === undefined ? { text, tombstone: null } : { text: null, tombstone: Number(tombstone) };
  }

  async function entryIn<T>({ text }: There): Promise<Entry<T> | null> {
    return text === null ? null : jsonCodec.decode<T>(text);
  }

  function holder(key: string): string | null {
    const lock = locks.get(key);
    if (lock && clock.nowMs() < lock.untilMs) return lock.token;
    locks.delete(key);
    return null;
  }

  async function allows(entry: Entry<unknown>, set: SetOptions): Promise<boolean> {
    // There are no leases here: nobody can hold one.
    if (set.whileLeaseToken !== undefined) return false;
    const { ifAbsent, ifNewer, ifNotOlder, ifExpiredAtMs } = set;
    const there = await read(entry.key);
    // After the read: a lock that ended or was voided meanwhile is seen.
    if (set.whileLockToken !== undefined && holder(entry.key) !== set.whileLockToken) return false;
    if (ifNewer && (there.tombstone ?? -1) >= entry.version) return false;
    if (ifNotOlder && (there.tombstone ?? -1) > entry.version) return false;
    const before = await entryIn(there);
    if (before === null) return true;
    if (ifAbsent) return false;
    if (ifNewer && before.version >= entry.version) return false;
    if (ifNotOlder && before.version > entry.version) return false;
    return ifExpiredAtMs === undefined || before.expiresAtMs <= ifExpiredAtMs;
  }

  const put = (key: string, text: string, keepMs: number): Promise<void> =>
    database.put(key, `${clock.nowMs() + keepMs}\n${text}`);

  return {
    id: 'leveldb',
    capabilities: CAPABILITIES,
    get: async <T>(key: string) => entryIn<T>(await read(key)),
    set: (entry, set) =>
      inTurn(entry.key, async () => {
        if (!(await allows(entry, set))) return false;
        await put(entry.key, String(await jsonCodec.encode(entry)), set.keepMs);
        return true;
      }),
    delete(key, { tombstone } = {}) {
      locks.delete(key);
      return inTurn(key, async () => {
        if (tombstone === undefined) return database.del(key);
        const there = await read(key);
        const before = Math.max(there.tombstone ?? 0, (await entryIn(there))?.version ?? 0);
        await put(key, `[${Math.max(before, tombstone.version)}]`, tombstone.keepMs);
      });
    },
    lock(key, token, ttlMs) {
      if (holder(key) !== null) return Promise.resolve(false);
      locks.set(key, { token, untilMs: clock.nowMs() + ttlMs });
      return Promise.resolve(true);
    },
    unlock: (key, token) => Promise.resolve(holder(key) === token && locks.delete(key)),
    async sweep() {
      let swept = 0;
      let ended: string[] = [];
      const remove = async (): Promise<void> => {
        await Promise.all(
          ended.map((key) =>
            inTurn(key, async () => {
              // It may have been written anew since the walk came by.
              const kept = await database.get(key);
              if (kept === undefined || endOf(kept) > clock.nowMs()) return;
              await database.del(key);
              swept += 1;
            }),
          ),
        );
        ended = [];
      };
      for await (const [key, kept] of database.iterator()) {
        if (endOf(kept) <= clock.nowMs()) ended.push(key);
        if (ended.length === SWEEP_BATCH) await remove();
      }
      await remove();
      return swept;
    },
  };
}

export default defineStore({
  id: 'leveldb',
  title: 'LevelDB on the disk of each instance',
  prose:
    'Every instance keeps its own values in a LevelDB in a temporary folder: many more than fit in memory, at the price ' +
    'of a look into a file for what is not in its block cache. Like memory of each instance it is not shared: each ' +
    'instance loads for itself, invalidations reach only the instance that made them, and locks hold within one ' +
    'process. A write goes to a log and is merged later, which reads of that moment feel. It has no leases and no ' +
    'messages; defences that need those are refused. The folder is removed at the end; an instance that is killed leaves it.',
  source: 'LevelDB (J. Dean and S. Ghemawat, 2011), after Bigtable; classic-level, its Node-API binding.',
  capabilities: CAPABILITIES,
  parameters: z.object({
    cacheMb: z.int().min(1).max(4096).default(8).describe('block cache in memory, MiB'),
    writeBufferMb: z.int().min(1).max(1024).default(4).describe('writes that are gathered before a file is made, MiB'),
    compression: z.boolean().default(true).describe('blocks are compressed with Snappy'),
  }),
  async open({ clock, log, parameters }) {
    const { cacheMb, writeBufferMb, compression } = parameters;
    const folder = await mkdtemp(join(tmpdir(), 'cachequake-leveldb-'));
    // Loaded where it is used: the command line loads every store to know its name.
    const { ClassicLevel: Level } = await import('classic-level');
    const database = new Level(folder, {
      cacheSize: cacheMb * 2 ** 20,
      writeBufferSize: writeBufferMb * 2 ** 20,
      compression,
    });
    try {
      await database.open();
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
    const store = createLevelStore(database, clock);
    let sweeping: Promise<unknown> = Promise.resolve();
    const timer = setInterval(() => {
      sweeping = store.sweep().catch((error: unknown) => log.warn(`leveldb: ${String(error)}`));
    }, SWEEP_MS);
    timer.unref();
    return {
      store,
      async close() {
        clearInterval(timer);
        await sweeping;
        await database.close();
        await rm(folder, { recursive: true, force: true });
      },
    };
  },
});
