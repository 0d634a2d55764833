import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { KeyStream } from '../contract/load.ts';
import { createKeys } from './key-streams.ts';

function take(stream: KeyStream, count: number, seed = 1): number[] {
  const next = createKeys(stream, seed, 'keys:0:read-item');
  return Array.from({ length: count }, () => next());
}

let folder = '';
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'cachequake-keys-'))));
afterAll(() => rmSync(folder, { recursive: true }));

test('single and sequential keys', () => {
  expect(take({ kind: 'single', key: 7 }, 3)).toEqual([7, 7, 7]);
  expect(take({ kind: 'sequential', keys: 3 }, 7)).toEqual([0, 1, 2, 0, 1, 2, 0]);
});

test('uniform keys cover their range evenly', () => {
  const counts = new Array<number>(10).fill(0);
  for (const key of take({ kind: 'uniform', keys: 10 }, 50_000)) counts[key]! += 1;
  for (const count of counts) expect(Math.abs(count - 5000)).toBeLessThan(300);
});

test('Zipf keys begin at 0, the most popular', () => {
  const keys = take({ kind: 'zipf', keys: 1000, exponent: 1.2 }, 20_000);
  const share = (key: number): number => keys.filter((one) => one === key).length;
  expect(Math.min(...keys)).toBe(0);
  expect(share(0)).toBeGreaterThan(share(1));
  expect(share(1)).toBeGreaterThan(share(5));
});

test('a hot set gets its share, also when all keys are hot', () => {
  const keys = take({ kind: 'hot-set', keys: 100, hotKeys: 10, hotShare: 0.8 }, 50_000);
  const hot = keys.filter((key) => key < 10).length;
  expect(Math.abs(hot / 50_000 - 0.8)).toBeLessThan(0.008);
  expect(Math.max(...keys)).toBe(99);
  expect(Math.max(...take({ kind: 'hot-set', keys: 4, hotKeys: 4, hotShare: 0.1 }, 1000))).toBe(3);
});

test('a mixture draws from its parts by weight', () => {
  const keys = take(
    {
      kind: 'mixture',
      parts: [
        { weight: 3, stream: { kind: 'single', key: 5 } },
        { weight: 1, stream: { kind: 'sequential', keys: 2 } },
      ],
    },
    20_000,
  );
  expect(Math.abs(keys.filter((key) => key === 5).length / 20_000 - 0.75)).toBeLessThan(0.013);
  expect(keys.filter((key) => key !== 5).slice(0, 4)).toEqual([0, 1, 0, 1]);
});

test('a replay goes through its file and starts again', () => {
  const file = join(folder, 'keys.txt');
  writeFileSync(file, '3\n1\r\n\n2\n');
  expect(take({ kind: 'replay', file }, 7)).toEqual([3, 1, 2, 3, 1, 2, 3]);
});

test('an offset moves the keys of another stream up and draws the same', () => {
  const stream: KeyStream = { kind: 'uniform', keys: 50 };
  expect(take({ kind: 'offset', by: 1000, stream }, 100)).toEqual(take(stream, 100).map((key) => 1000 + key));
});

test('the seed decides the keys', () => {
  const stream: KeyStream = { kind: 'zipf', keys: 1000, exponent: 1 };
  expect(take(stream, 50, 1)).toEqual(take(stream, 50, 1));
  expect(take(stream, 50, 1)).not.toEqual(take(stream, 50, 2));
});

test('streams that make no sense are refused by name', () => {
  const broken = join(folder, 'broken.txt');
  const empty = join(folder, 'empty.txt');
  writeFileSync(broken, '1\ntwo\n');
  writeFileSync(empty, '\n');
  const refusals: [KeyStream, RegExp][] = [
    [{ kind: 'uniform', keys: 0 }, /0 keys/],
    [{ kind: 'zipf', keys: 10, exponent: -1 }, /exponent of -1/],
    [{ kind: 'offset', by: -1, stream: { kind: 'single', key: 1 } }, /offset of -1/],
    [{ kind: 'hot-set', keys: 10, hotKeys: 11, hotShare: 0.5 }, /11 hot keys of 10/],
    [{ kind: 'hot-set', keys: 10, hotKeys: 1, hotShare: 1.5 }, /share of 1.5/],
    [{ kind: 'mixture', parts: [{ weight: 0, stream: { kind: 'single', key: 1 } }] }, /weights 0/],
    [{ kind: 'replay', file: join(folder, 'missing.txt') }, /cannot be read/],
    [{ kind: 'replay', file: broken }, /broken\.txt:2: 'two'/],
    [{ kind: 'replay', file: empty }, /holds no key/],
  ];
  for (const [stream, message] of refusals) expect(() => take(stream, 1)).toThrow(message);
});
