import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunningToxiproxy } from '../server.ts';
import { startToxiproxy } from '../server.ts';
import { CASES, runCase } from './suite.ts';

let server: RunningToxiproxy;

beforeAll(async () => {
  server = await startToxiproxy({ host: '127.0.0.1', port: 0, seed: 1 });
});

afterAll(() => server.close());

test.each(CASES)('$name', async (one) => {
  const { status, why } = await runCase(one, server.url);
  expect({ status, why }).toEqual({ status: 'passed', why: '' });
});
