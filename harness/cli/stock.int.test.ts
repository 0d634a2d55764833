/** A stock strategy of the user's own and a limit per user, the whole way from the command line to the result. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunResult } from '../contract/result.ts';
import { runCli } from './test-support.ts';

/** Sells from its own memory and writes nothing down. */
const OWN = `
import { z } from ${JSON.stringify(fileURLToPath(import.meta.resolve('zod')))};
export default {
  id: 'from-memory',
  title: 'From memory',
  prose: 'Sells from its own memory and writes nothing down.',
  source: 'a test',
  parameters: z.object({ first: z.number().default(1) }),
  async create({ parameters }) {
    let sold = 0;
    return {
      purchase: async () => (++sold <= parameters.first ? 'accepted' : 'sold-out'),
      pending: async () => 0,
      close: async () => {},
    };
  },
};`;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cachequake-stock-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const set = (...values: string[]): string[] => values.flatMap((value) => ['--set', value]);
const SHORT = [
  '--env=local',
  '--max-lag-p99-ms=1000',
  '--max-rate-error=0.3',
  ...set('warmUpSec=1', 'calmSec=1', 'rushSec=2', 'endSec=1', 'buyShare=0.5'),
];

test.concurrent('a strategy from a file sells, its parameters are its own, and the check finds what it loses', async () => {
  const file = join(folder, 'from-memory.ts');
  writeFileSync(file, OWN);
  const out = join(folder, 'own');
  const { code, stderr } = await runCli([
    'run',
    'flash-sale',
    ...SHORT,
    ...set(`stock=${file}`, 'from-memory.first=1000', 'perUserPerSec=1', 'users=5'),
    '--out',
    out,
  ]);
  expect(code, stderr).toBe(99);
  const run = JSON.parse(readFileSync(join(out, 'result.json'), 'utf8')) as RunResult;
  expect(run.plan).toMatchObject({ stock: { id: 'from-memory', parameters: { first: 1000 }, file }, perUserPerSec: 1 });
  const sold = run.measures['run']!;
  expect(sold).toMatchObject({ 'stock.sold': 0, 'stock.soldOutAfter': null, 'errors.rate': 0 });
  // The memory would sell a thousand, but five users have one try a second, for about four seconds. All others are
  // refused, which is no error.
  expect(sold['stock.lost']).toBeGreaterThanOrEqual(5);
  expect(sold['stock.lost']).toBeLessThanOrEqual(40);
  expect(run.slots.outcomes.rejected!.reduce((a, b) => a + b, 0)).toBeGreaterThan(200);
}, 120_000);

test.concurrent.each([
  ['takes-without-an-order', 'stock-adds-up', 'users=10000'],
  ['forgets-the-limit', 'limit-per-user', 'users=5'],
])(
  'a service that %s is caught by the check %s alone',
  async (broken, check, setting) => {
    const out = join(folder, broken);
    // So many units that none of the faults comes too late to take one.
    const units = 'units=100';
    const args = ['run', 'flash-sale', ...SHORT, ...set(units, 'stock=database', setting), '--out', out];
    const { code, stderr } = await runCli(args, { SHOP_BROKEN: broken });
    const run = JSON.parse(readFileSync(join(out, 'result.json'), 'utf8')) as RunResult;
    expect(run.checks.filter((one) => one.status === 'fail').map((one) => one.id)).toEqual([check]);
    expect(code, stderr).toBe(99);
  },
  120_000,
);

test.concurrent('a file that is not there, or is no strategy, is told before anything starts', async () => {
  const missing = await runCli(['plan', 'flash-sale', ...set('stock=./nowhere.ts')]);
  expect(missing).toMatchObject({ code: 2 });
  expect(missing.stderr).toContain('nowhere.ts');
  const empty = join(folder, 'empty.ts');
  writeFileSync(empty, 'export default {};');
  const wrong = await runCli(['plan', 'flash-sale', ...set(`stock=${empty}`)]);
  expect(wrong).toMatchObject({ code: 2 });
  expect(wrong.stderr).toContain('defineStockStrategy');
});
