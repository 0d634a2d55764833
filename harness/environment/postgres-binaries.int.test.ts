import { chmodSync, cpSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { canReach, findPostgres } from './postgres-binaries.ts';
import { provideData, postgresTemplate } from './postgres-template.ts';

let place: string;
const before = process.env.TMPDIR;
const isRoot = process.getuid?.() === 0;

beforeEach(() => {
  place = mkdtempSync(join(before ?? tmpdir(), 'cachequake-pg-'));
  chmodSync(place, 0o711);
  process.env.TMPDIR = place;
});

afterEach(() => {
  if (before === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = before;
  rmSync(place, { recursive: true, force: true });
});

test('several starts at once make one template between them, and half-made ones go', async () => {
  const binaries = await findPostgres();
  const templates = await Promise.all([1, 2].map(() => postgresTemplate(binaries)));
  expect(new Set(templates.map(({ password }) => password)).size).toBe(1);
  const template = templates[0];
  if (!template) throw new Error('no template');
  const cache = dirname(dirname(template.data));
  expect(readdirSync(cache).filter((name) => name.startsWith('pgdata-'))).toHaveLength(1);
  const copy = join(place, 'copy');
  await provideData(template, copy);
  expect(existsSync(join(copy, 'PG_VERSION'))).toBe(true);
  // Postgres refuses data that others can read or that is not its user's.
  expect(statSync(copy).mode & 0o777).toBe(0o700);
  expect(statSync(copy).uid).toBe(binaries.user.uid ?? process.getuid?.());
});

test.runIf(isRoot)(
  'binaries in a folder that the server’s user cannot enter are copied to one that it can',
  async () => {
    const usual = await findPostgres();
    const native = dirname(dirname(usual.postgres));
    const hidden = mkdtempSync(join(place, 'private-'));
    // mkdtemp makes 0700: what lies below is out of reach for anybody but root.
    expect(canReach(hidden, usual.user)).toBe(false);
    cpSync(native, join(hidden, 'native'), { recursive: true });
    const found = await findPostgres(join(hidden, 'native'));
    expect(found.copied).toContain(usual.user.name);
    expect(found.postgres.startsWith(join(place, `cachequake-${process.getuid?.() ?? 0}`))).toBe(true);
    expect(canReach(found.postgres, found.user)).toBe(true);
    const template = await postgresTemplate(found);
    expect(existsSync(join(template.data, 'PG_VERSION'))).toBe(true);
  },
);
