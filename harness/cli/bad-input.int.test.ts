/** Whatever is wrong with what was typed is said clearly, with its exit code, before anything is started. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCli } from './test-support.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cachequake-cli-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.concurrent('bad input', () => {
  test.each<[string, string[], number, RegExp]>([
    ['an unknown verb', ['rnu'], 2, /unknown command 'rnu'[^]*run/],
    ['an unknown flag', ['run', 'hot-key', '--instanses', '3'], 2, /unknown option '--instanses'[^]*--instances/],
    ['an unknown profile', ['run', 'hotkey'], 2, /no profile 'hotkey'[^]*did you mean 'hot-key'/],
    ['an unknown defence', ['run', 'hot-key', '-d', 'xfecth'], 2, /no defence 'xfecth'[^]*did you mean 'xfetch'/],
    [
      'an unknown fault',
      ['run', 'hot-key', '--fault', 'redis-dwon@3s+1s'],
      2,
      /no fault 'redis-dwon'[^]*did you mean 'redis-down'/,
    ],
    ['a fault without a time', ['run', 'hot-key', '--fault', 'redis-down'], 2, /'redis-down' is not a fault at a time/],
    [
      'a fault after the end',
      ['run', 'hot-key', '--fault', 'redis-down@100s+5s'],
      2,
      /does not end before the run does/,
    ],
    ['a fault without a length', ['run', 'hot-key', '--fault', 'redis-down@3s'], 2, /needs a duration/],
    ['an unknown parameter', ['run', 'hot-key', '--set', 'kyes=3'], 2, /kyes[^]*did you mean 'keys'/],
    ['a parameter of a defence that is not there', ['run', 'hot-key', '--set', 'xfetch.beta=2'], 2, /xfetch/],
    ['a parameter without a value', ['run', 'hot-key', '--set', 'keys'], 2, /name=value/],
    ['a rate of zero', ['run', 'hot-key', '--set', 'ratePerSec=0'], 2, /ratePerSec=0/],
    ['a negative rate', ['run', 'hot-key', '--set', 'ratePerSec=-5'], 2, /ratePerSec=-5/],
    ['an absurd rate', ['run', 'hot-key', '--set', 'ratePerSec=1e12'], 2, /ratePerSec=/],
    ['a rate that is no number', ['run', 'hot-key', '--set', 'ratePerSec=fast'], 2, /ratePerSec=fast/],
    ['no instances', ['run', 'hot-key', '--instances', '0'], 2, /--instances/],
    ['an unknown measure', ['run', 'hot-key', '--threshold', 'p98<5ms'], 2, /p98/],
    ['a threshold with the wrong unit', ['run', 'hot-key', '--threshold', 'errors<5ms'], 2, /errors/],
    ['two defences for one place', ['run', 'hot-key', '-d', 'lock-wait+lock-stale'], 2, /cannot stand in one stack/],
    ['one stack to compare', ['compare', 'hot-key', '-d', 'xfetch'], 2, /only one thing to compare/],
    [
      'a stack that the store cannot carry',
      ['run', 'hot-key', '-d', 'lease', '--store', 'leveldb'],
      2,
      /needs lease[^]*stores that have it: .*redis/,
    ],
    ['an unknown store', ['run', 'hot-key', '--store', 'redsi'], 2, /no store 'redsi'[^]*did you mean 'redis'/],
    [
      'an unknown write strategy',
      ['run', 'write-race', '--write', 'write-thru'],
      2,
      /no write strategy 'write-thru'[^]*did you mean 'write-through'/,
    ],
    [
      'two defences that exclude each other',
      ['run', 'hot-key', '-d', 'read-through+cache-aside'],
      2,
      /both are the empty stack/,
    ],
    ['a list to vary without values', ['compare', 'hot-key', '--vary', 'keys'], 2, /is not parameter=value,value/],
    ['a trace that is not given', ['run', 'replay'], 2, /needs a trace/],
    ['an unknown stock strategy', ['run', 'flash-sale', '--set', 'stock=magic'], 2, /no stock strategy 'magic'/],
    ['an unknown kind of list', ['list', 'profile'], 2, /did you mean 'profiles'/],
    ['a missing config', ['run', 'hot-key', '--config', 'nowhere.json'], 2, /config file not found/],
    ['a result that is not there', ['report', 'nowhere'], 2, /nowhere/],
    ['a bad port', ['toxiproxy', '--port', '99999'], 2, /--port/],
    [
      'destruction that was not allowed',
      [
        'run',
        'hot-key',
        '--env',
        'external',
        '--redis-url',
        'redis://:secret@127.0.0.1:1',
        '--postgres-url',
        'postgres://u:secret@127.0.0.1:1/d',
      ],
      2,
      /--allow-destructive/,
    ],
  ])('%s', async (_what, args, code, message) => {
    const {
      code: actual,
      stderr,
      stdout,
    } = await runCli([...args, ...(args[0] === 'run' || args[0] === 'compare' ? ['--out', join(folder, 'out')] : [])]);
    expect(stderr + stdout).toMatch(message);
    expect(stderr).not.toMatch(/secret|at file:/);
    expect(actual).toBe(code);
    expect(readdirSync(folder)).not.toContain('out');
  });

  test('several problems are told at once', async () => {
    const { stderr, code } = await runCli([
      'run',
      'hot-key',
      '-d',
      'nope',
      '--set',
      'ratePerSec=0',
      '--threshold',
      'p98<5ms',
    ]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/3 problems/);
  });

  test('no engine with --env docker', async () => {
    const { stderr, code } = await runCli(['run', 'hot-key', '--env', 'docker', '--out', join(folder, 'd')], {
      DOCKER_HOST: 'tcp://127.0.0.1:1',
    });
    expect(stderr).toMatch(/Docker/);
    expect(code).toBe(3);
  });

  test('no Redis with --env local', async () => {
    const { stderr, code } = await runCli(['run', 'hot-key', '--env', 'local', '--out', join(folder, 'l')], {
      PATH: folder,
    });
    expect(stderr).toMatch(/redis-server|valkey/);
    expect(code).toBe(3);
  });

  test('a result of a newer schema names both versions', async () => {
    writeFileSync(join(folder, 'result.json'), JSON.stringify({ kind: 'run', schemaVersion: 99 }));
    const { stderr, code } = await runCli(['report', folder]);
    expect(stderr).toMatch(/99/);
    expect(code).toBe(2);
  });

  test('a folder that cannot be made', async () => {
    writeFileSync(join(folder, 'file'), '');
    const { stderr, code } = await runCli(['run', 'hot-key', '--env', 'local', '--out', join(folder, 'file', 'x')]);
    expect(stderr).toMatch(/--out/);
    expect(code).toBe(3);
  });
});

describe.concurrent('help', () => {
  test.each([[['--help']], [['run', '--help']], [['compare', '--help']]])(
    '%j has examples and exits with 0',
    async (args) => {
      const { stdout, code } = await runCli(args);
      expect(stdout).toMatch(/Examples:/);
      expect(code).toBe(0);
    },
  );

  test('list shows every kind, with parameters when asked', async () => {
    const { stdout, code } = await runCli(['list', '--verbose']);
    expect(code).toBe(0);
    for (const part of [
      'hot-key',
      'mass-expiry',
      'flash-sale',
      'xfetch',
      'redis-down',
      'no-oversell',
      'latency.p99',
      '--set ratePerSec=',
    ])
      expect(stdout).toContain(part);
  });

  test('plan explains and runs nothing', async () => {
    const { stdout, code } = await runCli([
      'plan',
      'hot-key',
      '-d',
      'xfetch',
      '--set',
      'xfetch.beta=2',
      '--set',
      'ttlMs=10000',
      '--fault',
      'redis-down@3s+1s',
    ]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/1\.65 database loads per expiry/);
    expect(stdout).toMatch(/redis-down at 3s for 1s/);
  });
});
