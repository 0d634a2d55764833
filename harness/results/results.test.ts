import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HarnessError } from '../contract/errors.ts';
import { type ComparisonResult, RESULT_SCHEMA_VERSION, type RunResult } from '../contract/result.ts';
import { assembleComparisonResult } from './assemble.ts';
import { migrate } from './migrate.ts';
import { makeGate } from '../../reports/gate/fixture.ts';
import { readResult, readStored } from './read.ts';
import { resultJsonSchema } from './schema.ts';
import { writeResult } from './write.ts';

const FIXTURE = fileURLToPath(new URL('./fixtures/run-v1.json', import.meta.url));
let folder: string;
let run: RunResult;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cachequake-results-'));
  run = (await readResult(FIXTURE)) as RunResult;
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function failure(promise: Promise<unknown>): Promise<HarnessError> {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof HarnessError)) throw new Error(`no HarnessError: ${String(error)}`);
  return error;
}

/** The fixture with one field set to something else, or taken away, as a file. */
async function altered(name: string, path: (string | number)[], value?: unknown): Promise<string> {
  const json = JSON.parse(await readFile(FIXTURE, 'utf8')) as unknown;
  let holder = json as Record<string | number, unknown>;
  for (const part of path.slice(0, -1)) holder = holder[part] as Record<string | number, unknown>;
  holder[path.at(-1)!] = value;
  const file = join(folder, name);
  await writeFile(file, JSON.stringify(json));
  return file;
}

test('the published schema is current', async () => {
  const published = await readFile(new URL('./result.schema.json', import.meta.url), 'utf8');
  // Where this fails: npm run schemas
  expect(JSON.parse(published)).toEqual(JSON.parse(JSON.stringify(resultJsonSchema())));
});

describe('reading', () => {
  test('a result of version 1 is still read', () => {
    expect(run).toMatchObject({ kind: 'run', schemaVersion: RESULT_SCHEMA_VERSION, runId: 'fixture-v1' });
    expect(run.verdict).toEqual({
      status: 'fail',
      sentence: 'p99 200 ms during the fault, limit 50 ms',
      explanation: expect.any(String),
    });
    expect(run.measures['before']?.['db.loadsPerExpiry']).toBe(2);
    expect(run.plan).toMatchObject({ label: run.plan.defence, store: { id: 'redis' }, write: null });
  });

  test.each([
    [['plan', 'seed'], '42', 'plan.seed: expected number, received string'],
    [['verdict'], undefined, 'verdict: expected object, received undefined'],
    [['slots', 'sent', 1], null, 'slots.sent[1]: expected number, received null'],
    [['verdict', 'status'], 'green', 'verdict.status: Invalid option'],
  ] as [(string | number)[], unknown, string][])('the first wrong field is named: %j', async (path, value, message) => {
    const error = await failure(readResult(await altered('wrong.json', path, value)));
    expect(error.code).toBe('BAD_RESULT');
    expect(error.message).toContain(`wrong.json: ${message}`);
  });

  test('a later version is refused with both versions', async () => {
    const error = await failure(readResult(await altered('later.json', ['schemaVersion'], RESULT_SCHEMA_VERSION + 1)));
    expect(error.code).toBe('NEWER_SCHEMA');
    expect(error.message).toContain(
      `schema version ${RESULT_SCHEMA_VERSION + 1}; this Cachequake reads up to ${RESULT_SCHEMA_VERSION}`,
    );
    expect(error.hint).toContain(`Cachequake ${run.cachequakeVersion}: update`);
  });

  test.each([
    ['{"kind":"run"', 'is not JSON'],
    ['[1]', 'is not a Cachequake result'],
    ['{"name":"package"}', 'has no schemaVersion'],
  ])('%s is no result', async (text, message) => {
    const file = join(folder, 'other.json');
    await writeFile(file, text);
    const error = await failure(readResult(file));
    expect(error.code).toBe('BAD_RESULT');
    expect(error.message).toContain(message);
  });

  test('a file that is missing', async () => {
    const error = await failure(readResult(join(folder, 'nowhere')));
    expect(error.code).toBe('BAD_RESULT');
    expect(error.message).toContain('no result at');
    expect((await failure(readResult(folder))).code).toBe('BAD_RESULT');
  });
});

describe('lifting older versions', () => {
  const steps = new Map([
    [1, (older: Record<string, unknown>) => ({ ...older, colour: 'blue' })],
    [2, (older: Record<string, unknown>) => ({ ...older, colour: `dark ${String(older['colour'])}` })],
  ]);
  test('one step after the other, in the runs of a comparison too', () => {
    expect(migrate({ schemaVersion: 1, runs: [{ schemaVersion: 2, colour: 'red' }] }, 'x', steps, 3)).toEqual({
      schemaVersion: 3,
      colour: 'dark blue',
      runs: [{ schemaVersion: 3, colour: 'dark red' }],
    });
  });
  test('a step that is missing', () => {
    expect(() => migrate({ schemaVersion: 1 }, 'old.json', new Map(), 2)).toThrow('can no longer be read');
  });
});

describe('writing', () => {
  test('what was written is read back the same, from the file and from the folder', async () => {
    const out = join(folder, 'made', 'on', 'the', 'way');
    const { files, failed } = await writeResult(run, out, [
      { file: 'summary.md', render: (result) => `# ${result.runId}` },
      { file: 'nothing.txt', render: () => null },
    ]);
    expect(failed).toEqual([]);
    expect(files).toEqual([join(out, 'result.json'), join(out, 'summary.md')]);
    expect(await readdir(out)).toEqual(['result.json', 'summary.md']);
    expect(await readResult(out)).toEqual(run);
    expect(await readResult(join(out, 'result.json'))).toEqual(run);
  });

  test('a comparison too', async () => {
    const comparison: ComparisonResult = assembleComparisonResult({
      runs: [run, { ...run, partial: true }],
      judgement: { verdict: { status: 'pass', sentence: 's', explanation: 'e' }, differences: ['seed: 1 (a), 2 (b)'] },
      runId: 'c',
      command: 'cachequake compare',
      startedAt: new Date(0),
      finishedAt: new Date(1000),
    });
    expect(comparison).toMatchObject({
      partial: true,
      schemaVersion: RESULT_SCHEMA_VERSION,
      finishedAt: '1970-01-01T00:00:01.000Z',
    });
    await writeResult(comparison, join(folder, 'comparison'), []);
    expect(await readResult(join(folder, 'comparison'))).toEqual(comparison);
  });

  test('a renderer that fails costs its own file only', async () => {
    const { files, failed } = await writeResult(run, join(folder, 'failing'), [
      {
        file: 'report.html',
        render() {
          throw new Error('no such measure');
        },
      },
      { file: 'junit.xml', render: () => Promise.resolve('<testsuites/>') },
    ]);
    expect(failed).toEqual([{ file: 'report.html', reason: 'no such measure' }]);
    expect(files.map((file) => file.split('/').at(-1))).toEqual(['result.json', 'junit.xml']);
  });

  test('passwords do not reach the file', async () => {
    const out = join(folder, 'secret');
    const command = 'cachequake run hot-key --redis-url redis://app:hunter2@cache:6379';
    const examples = ['connect postgres://shop:hunter2@db/shop refused'];
    await writeResult({ ...run, command, examples }, out, [{ file: 'summary.md', render: (result) => result.command }]);
    for (const file of ['result.json', 'summary.md'])
      expect(await readFile(join(out, file), 'utf8')).not.toContain('hunter2');
    expect((await readResult(out)).command).toBe('cachequake run hot-key --redis-url redis://app:***@cache:6379');
  });

  test('NaN and Infinity become null where nothing is known', async () => {
    const out = join(folder, 'nan');
    const series = [{ id: 's', title: '', unit: '', tMs: [1, 2], values: [Number.NaN, Infinity] }];
    await writeResult({ ...run, series, probeCostCpuShare: Number.NaN }, out, []);
    expect(await readResult(out)).toMatchObject({ series: [{ values: [null, null] }], probeCostCpuShare: null });
  });

  test('a result that does not fit is kept, and the field is named', async () => {
    const out = join(folder, 'misfit');
    const error = await failure(
      writeResult({ ...run, generator: { ...run.generator, lagP99Us: Number.NaN } }, out, []),
    );
    expect(error.code).toBe('INTERNAL');
    expect(error.message).toContain('generator.lagP99Us: expected number, received null');
    expect(await readdir(out)).toEqual(['result.json']);
  });

  test('an old result stays whole until the new one is', async () => {
    const out = join(folder, 'again');
    await writeResult(run, out, []);
    await writeResult({ ...run, runId: 'second' }, out, []);
    expect((await readResult(out)).runId).toBe('second');
    expect(await readdir(out)).toEqual(['result.json']);
  });

  test('a name that is taken by a file', async () => {
    await writeFile(join(folder, 'taken'), '');
    const error = await failure(writeResult(run, join(folder, 'taken'), []));
    expect(error.code).toBe('OUTPUT_FAILED');
    expect(error.hint).toContain('--out');
  });

  test.skipIf(process.platform !== 'linux')('a full disk costs the new file and leaves the old one', async () => {
    const out = join(folder, 'full');
    await writeResult(run, out, []);
    // Linux has a device for it: it opens, and nothing can be written.
    await symlink('/dev/full', join(out, `result.json.${process.pid}.tmp`));
    const error = await failure(writeResult({ ...run, runId: 'second' }, out, []));
    expect(error.code).toBe('OUTPUT_FAILED');
    expect(error.hint).toContain('the disk is full');
    expect(await readdir(out)).toEqual(['result.json']);
    expect((await readResult(out)).runId).toBe('fixture-v1');
  });

  test.skipIf(process.getuid?.() === 0)('a folder that may not be written to', async () => {
    const out = join(folder, 'locked');
    await mkdir(out);
    await chmod(out, 0o500);
    const error = await failure(writeResult(run, out, []));
    expect(error.code).toBe('OUTPUT_FAILED');
    expect(error.hint).toContain('may not write');
  });
});

describe('the result of a gate', () => {
  test.each(['pass', 'regressed', 'undecided', 'baseline'] as const)(
    '%s is read back as it was written',
    async (kind) => {
      const gate = makeGate({ kind });
      const out = join(folder, `gate-${kind}`);
      const { files } = await writeResult(gate, out, [
        { file: 'sentence.txt', render: (read) => read.verdict.sentence },
      ]);
      expect(await readStored(out)).toEqual(gate);
      expect(await readFile(files[1]!, 'utf8')).toBe(gate.verdict.sentence);
    },
  );

  test('is refused where a run is needed, with what reads it', async () => {
    const out = join(folder, 'gate-refused');
    await writeResult(makeGate(), out, []);
    const error = await failure(readResult(out));
    expect(error.code).toBe('BAD_RESULT');
    expect(error.message).toContain('is the result of a gate');
    expect(error.hint).toContain('cachequake report');
  });

  test('a wrong field is named', async () => {
    const out = join(folder, 'gate-wrong');
    await writeResult(makeGate(), out, []);
    const file = join(out, 'result.json');
    const json = JSON.parse(await readFile(file, 'utf8')) as { trials: { side: string }[] };
    json.trials[3]!.side = 'both';
    await writeFile(file, JSON.stringify(json));
    expect((await failure(readStored(out))).message).toContain('trials[3].side: ');
  });
});
