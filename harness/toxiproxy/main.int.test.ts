import type { ChildProcessByStdio } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { afterEach, expect, test } from 'vitest';
import { entryPoint } from '../kit/package-root.ts';
import { connectToxiproxy } from './control.ts';

type Child = ChildProcessByStdio<Writable, Readable, Readable>;
const running: Child[] = [];

function start(...args: string[]): Child {
  const child = spawn(process.execPath, [entryPoint('harness/toxiproxy/main'), ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  running.push(child);
  return child;
}

async function ready(child: Child): Promise<number> {
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const message = JSON.parse(line.toString()) as { cachequake: string; port: number };
  expect(message.cachequake).toBe('ready');
  return message.port;
}

afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
});

test.each(['SIGTERM', 'SIGINT'] as const)(
  'says when it is ready, ends on %s even with open connections',
  async (signal) => {
    const child = start('--host', '127.0.0.1', '--port', '0', '--seed', '42');
    const control = connectToxiproxy(`http://127.0.0.1:${await ready(child)}`);
    expect(await control.version()).toBe('2.12.0');
    const exited = once(child, 'exit');
    child.kill(signal);
    expect(await exited).toEqual([0, null]);
  },
);

test('ends when the process that started it is gone', async () => {
  const child = start();
  await ready(child);
  const exited = once(child, 'exit');
  child.stdin.end();
  expect(await exited).toEqual([0, null]);
});

test('a port that is taken and arguments that are wrong end it with a message', async () => {
  const first = start();
  const port = await ready(first);
  const cases: [string[], number, RegExp][] = [
    [['--port', String(port)], 3, /port is taken/],
    [['--port', 'http'], 2, /--port must be a whole number, not 'http'/],
    [['--colour', 'red'], 2, /--colour/],
  ];
  for (const [args, code, words] of cases) {
    const child = start(...args);
    let text = '';
    child.stderr.on('data', (data: Buffer) => (text += data.toString()));
    expect(await once(child, 'close')).toEqual([code, null]);
    expect(text).toMatch(words);
  }
});
