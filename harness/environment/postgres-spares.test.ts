import {
  appendFileSync,
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { keepAsSpare, takeSpare } from './postgres-spares.ts';

let folder: string;
let template: string;
let used: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cachequake-spares-'));
  template = join(folder, 'data');
  used = join(folder, 'used');
  mkdirSync(join(template, 'base', '5'), { recursive: true });
  mkdirSync(join(template, 'pg_wal'));
  writeFileSync(join(template, 'PG_VERSION'), '18\n', { mode: 0o600 });
  writeFileSync(join(template, 'base', '5', '1259'), Buffer.alloc(16_384, 7), { mode: 0o600 });
  writeFileSync(join(template, 'base', '5', '1249'), Buffer.alloc(8192, 8), { mode: 0o600 });
  writeFileSync(join(template, 'pg_wal', '01'), Buffer.alloc(1024, 9), { mode: 0o600 });
  chmodSync(join(template, 'base'), 0o700);
  execFileSync('cp', ['-Rp', template, used]);
});

afterEach(() => rmSync(folder, { recursive: true }));

/** Every file and folder with its mode and content. */
function contentOf(at: string): Record<string, string> {
  const all: Record<string, string> = {};
  for (const name of readdirSync(at, { recursive: true, encoding: 'utf8' }).sort()) {
    const stat = lstatSync(join(at, name));
    const content = stat.isFile() ? readFileSync(join(at, name), 'hex') : stat.isDirectory() ? 'folder' : 'other';
    all[name] = `${stat.mode.toString(8)} ${stat.uid}:${stat.gid} ${content}`;
  }
  return all;
}

test('what a run has left is the template again: changed, shrunk, grown, new, gone and replaced files', () => {
  const before = contentOf(template);
  writeFileSync(join(used, 'base', '5', '1259'), Buffer.alloc(16_384, 1));
  writeFileSync(join(used, 'base', '5', '1249'), Buffer.alloc(100, 1));
  appendFileSync(join(used, 'PG_VERSION'), 'more');
  chmodSync(join(used, 'PG_VERSION'), 0o644);
  writeFileSync(join(used, 'base', '5', '16384'), 'a table of the run');
  mkdirSync(join(used, 'pg_stat'));
  writeFileSync(join(used, 'pg_stat', 'pgstat.stat'), 'counts');
  writeFileSync(join(used, 'standby.signal'), '');
  rmSync(join(used, 'pg_wal'), { recursive: true });
  symlinkSync(folder, join(used, 'pg_wal'));

  keepAsSpare(template, used);
  expect(existsSync(used)).toBe(false);
  expect(takeSpare(template, join(folder, 'next'))).toBe(true);
  expect(contentOf(join(folder, 'next'))).toEqual(before);
  expect(contentOf(template)).toEqual(before);
});

test('a spare is taken once, and where there is none that is told', () => {
  expect(takeSpare(template, join(folder, 'first'))).toBe(false);
  keepAsSpare(template, used);
  expect(takeSpare(template, join(folder, 'first'))).toBe(true);
  expect(takeSpare(template, join(folder, 'second'))).toBe(false);
});

test('no more are kept than a few', () => {
  for (const name of ['1', '2', '3', '4', '5']) {
    const data = join(folder, name);
    execFileSync('cp', ['-Rp', template, data]);
    keepAsSpare(template, data);
  }
  expect(readdirSync(join(folder, 'spares'))).toHaveLength(3);
  expect(existsSync(join(folder, '4'))).toBe(true);
});

test('where it cannot be put back nothing becomes a spare', () => {
  expect(() => keepAsSpare(join(folder, 'no such template'), used)).toThrow('ENOENT');
  expect(takeSpare(template, join(folder, 'next'))).toBe(false);
});
