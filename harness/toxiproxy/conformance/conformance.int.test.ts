import { afterAll, beforeAll, expect, test } from 'vitest';
import { startEmbedded } from './embedded.ts';
import { CASES, runCase } from './suite.ts';

let server: Awaited<ReturnType<typeof startEmbedded>>;

beforeAll(async () => {
  server = await startEmbedded();
});

afterAll(() => server.stop());

test.each(CASES)('$name', async (one) => {
  const { status, why } = await runCase(one, server.url);
  expect({ status, why }).toEqual({ status: 'passed', why: '' });
});

test('a server that is not Toxiproxy fails', async () => {
  const version = CASES[0];
  if (!version) throw new Error('no cases');
  // The API itself, under a path where it has no routes.
  expect((await runCase(version, `${server.url}/elsewhere`)).status).toBe('failed');
});
