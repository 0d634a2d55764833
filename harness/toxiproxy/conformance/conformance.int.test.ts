import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startEmbedded } from './embedded.ts';
import { CASES, DATA_CASES, runCase } from './suite.ts';

let server: Awaited<ReturnType<typeof startEmbedded>>;

beforeAll(async () => {
  server = await startEmbedded();
});

afterAll(() => server.stop());

test.each(CASES)('$name', async (one) => {
  const { status, why } = await runCase(one, server.url);
  expect({ status, why }).toEqual({ status: 'passed', why: '' });
});

test.each(DATA_CASES)('to a Unix socket: $name', async (one) => {
  const folder = mkdtempSync(join(tmpdir(), 'cachequake-unix-'));
  try {
    const { status, why } = await runCase(one, server.url, folder);
    expect({ status, why }).toEqual({ status: 'passed', why: '' });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a server that is not Toxiproxy fails', async () => {
  const version = CASES[0];
  if (!version) throw new Error('no cases');
  // The API itself, under a path where it has no routes.
  expect((await runCase(version, `${server.url}/elsewhere`)).status).toBe('failed');
});
