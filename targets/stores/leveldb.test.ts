/** A real LevelDB in a folder of its own. */
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { realClock } from '../../harness/kit/clock.ts';
import { storeCases } from '../conformance/store-cases.ts';
import leveldb, { createLevelStore, type LevelStore } from './leveldb.ts';

let folder: string;
let database: ClassicLevel;
let store: LevelStore;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cachequake-test-'));
  database = new ClassicLevel(folder);
  await database.open();
  store = createLevelStore(database, realClock);
});
afterEach(async () => {
  await database.close();
  rmSync(folder, { recursive: true, force: true });
});

const entryOf = (version: number, key = 'k') => ({
  key,
  value: 'x'.repeat(2000),
  version,
  storedAtMs: 0,
  expiresAtMs: 1e15,
  recomputeMs: 1,
});

for (const { name, run } of storeCases) test(name, () => run(store, realClock));

test('what has ended is swept away, and nothing else', async () => {
  for (let i = 0; i < 700; i++) await store.set(entryOf(1, `short:${i}`), { keepMs: 1 });
  await store.set(entryOf(1, 'long'), { keepMs: 60_000 });
  await realClock.sleep(20);
  expect(await store.sweep()).toBe(700);
  expect(await database.keys().all()).toEqual(['long']);
});

test('of many sets at once of one key, the newest version stays', async () => {
  const versions = Array.from({ length: 40 }, (_, i) => ((i * 17) % 40) + 1);
  await Promise.all(versions.map((version) => store.set(entryOf(version), { keepMs: 60_000, ifNewer: true })));
  expect((await store.get('k'))?.version).toBe(40);
});

test('known limit: two instances share nothing, and the folder goes with its instance', async () => {
  const context = {
    redis: null as never,
    servers: {},
    timeoutMs: 500,
    clock: realClock,
    log: { info: () => {}, warn: () => {} },
    instance: 'shop-0',
    parameters: leveldb.parameters.parse({}),
  };
  const folders = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('cachequake-leveldb-'));
  const before = folders();
  const [one, two] = [await leveldb.open(context), await leveldb.open(context)];
  const made = folders().filter((name) => !before.includes(name));
  await one.store.set(entryOf(1), { keepMs: 60_000 });
  expect((await one.store.get('k'))?.version).toBe(1);
  expect(await two.store.get('k')).toBe(null);
  expect([await one.store.lock('k', 'a', 1000), await two.store.lock('k', 'b', 1000)]).toEqual([true, true]);
  await one.close();
  await two.close();
  expect(made.filter((name) => existsSync(join(tmpdir(), name)))).toEqual([]);
});
