/** Starts the command line as a person would, for tests: real processes, real exit codes. */
import { type ChildProcess, spawn } from 'node:child_process';
import { entryPoint } from '../kit/package-root.ts';

export interface Finished {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface Started {
  child: ChildProcess;
  done: Promise<Finished>;
  /** Resolves when stderr has held the text; rejects when the process ended before. */
  said(text: string | RegExp): Promise<void>;
}

/** @param environment is added to the test's own; a value of undefined removes a variable */
export function startCli(args: readonly string[], environment: Record<string, string | undefined> = {}): Started {
  const child = spawn(process.execPath, [entryPoint('harness/cli/main'), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1', ...environment },
  });
  let stdout = '';
  let stderr = '';
  const listeners = new Set<() => void>();
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
    for (const listener of listeners) listener();
  });
  const done = new Promise<Finished>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
  return {
    child,
    done,
    said: (text) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (typeof text === 'string' ? stderr.includes(text) : text.test(stderr)) resolve();
        };
        listeners.add(look);
        look();
        void done.then(() => reject(new Error(`ended without saying ${String(text)}:\n${stderr}`)));
      }),
  };
}

/** Runs the command line to its end. */
export function runCli(args: readonly string[], environment?: Record<string, string | undefined>): Promise<Finished> {
  return startCli(args, environment).done;
}
