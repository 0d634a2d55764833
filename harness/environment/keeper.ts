/**
 * The harness's side of the keeper: starts it, asks it to start processes, and knows which of them still live. Every
 * process is journalled with its start time as soon as it has a pid; until then the keeper alone would end it.
 */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { HarnessError } from '../contract/errors.ts';
import type { Journal } from '../contract/journal.ts';
import { entryPoint } from '../kit/package-root.ts';
import { processStartTime } from '../kit/process-identity.ts';
import { bareEnvironment } from './bare-environment.ts';
import type { KeeperCommand, KeeperEvent } from './keeper-protocol.ts';
import { readFrom, sizeOf } from './log-tail.ts';

export interface ProcessExit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** In words: `ended with code 1`, `was ended by SIGKILL`. */
export function describeExit(exit: ProcessExit): string {
  return exit.signal ? `was ended by ${exit.signal}` : `ended with code ${exit.code ?? 'unknown'}`;
}

/** A process that the keeper started. */
export class KeptProcess {
  readonly name: string;
  readonly pid: number;
  readonly log: string;
  /** Null while it runs. */
  exit: ProcessExit | null = null;
  readonly exited: Promise<ProcessExit>;
  readonly #logOffset: number;
  #resolveExited: (exit: ProcessExit) => void = () => undefined;

  constructor(name: string, pid: number, log: string, logOffset: number) {
    this.name = name;
    this.pid = pid;
    this.log = log;
    this.#logOffset = logOffset;
    this.exited = new Promise((resolve) => {
      this.#resolveExited = resolve;
    });
  }

  ended(exit: ProcessExit): void {
    this.exit ??= exit;
    this.#resolveExited(this.exit);
  }

  /** What it has written since it was started. */
  output(): string {
    return readFrom(this.log, this.#logOffset);
  }

  /** Sends a signal; nothing happens when it has ended. */
  signal(signal: NodeJS.Signals): void {
    if (this.exit) return;
    try {
      process.kill(this.pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }

  /** Ends it: asks first, and insists with SIGKILL after the grace time. Also ends one that is frozen. */
  async stop(signal: NodeJS.Signals, graceMs: number): Promise<void> {
    if (this.exit) return;
    this.signal(signal);
    this.signal('SIGCONT');
    const timer = setTimeout(() => this.signal('SIGKILL'), graceMs);
    await this.exited;
    clearTimeout(timer);
  }

  /**
   * Polls its output until `found` answers, it ends, or time is up.
   *
   * @returns what `found` answered; null when it ended or time was up
   */
  async waitForOutput<T>(
    found: (output: string) => T | null,
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<T | null> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      // Asked before reading, so that the last words of a process that ended are read too.
      const ended = this.exit !== null;
      const answer = found(this.output());
      if (answer !== null) return answer;
      if (ended || performance.now() > deadline) return null;
      await delay(10, undefined, { signal });
    }
  }
}

type Waiting = { resolve: (pid: number) => void; reject: (error: Error) => void };

/** Starts processes that end with the harness, however it ends. */
export class Keeper implements AsyncDisposable {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #journal: Journal;
  readonly #gone: Promise<void>;
  readonly #waiting = new Map<string, Waiting>();
  readonly #kept = new Map<string, KeptProcess>();
  /** An exit may be told before the process has been taken into the table. */
  readonly #early = new Map<string, ProcessExit>();
  #isGone = false;
  #count = 0;

  constructor(journal: Journal) {
    this.#journal = journal;
    this.#process = spawn(process.execPath, [entryPoint('harness/environment/keeper-main')], {
      stdio: 'pipe',
      detached: true,
      env: bareEnvironment(),
    });
    this.#process.stdin.on('error', () => undefined);
    let words = '';
    this.#process.stderr.on('data', (chunk: Buffer) => {
      words = (words + chunk.toString()).slice(-2000);
    });
    createInterface({ input: this.#process.stdout }).on('line', (line) =>
      this.#onEvent(JSON.parse(line) as KeeperEvent),
    );
    this.#gone = new Promise((resolve) => {
      const onGone = (why: string): void => {
        this.#isGone = true;
        for (const { reject } of this.#waiting.values()) reject(new Error(`the keeper process ended: ${why}`));
        resolve();
      };
      this.#process.once('error', (error) => onGone(error.message));
      this.#process.once('close', () => onGone(words.trim()));
    });
    const { pid } = this.#process;
    if (pid !== undefined) this.#write(pid, 'keeper');
  }

  #write(pid: number, what: string): void {
    const startTime = processStartTime(pid);
    if (startTime !== null) this.#journal.write({ kind: 'process', pid, startTime, what });
  }

  #onEvent(event: KeeperEvent): void {
    if (event.event === 'started') this.#waiting.get(event.id)?.resolve(event.pid);
    else if (event.event === 'failed') this.#waiting.get(event.id)?.reject(new Error(event.message));
    else {
      const kept = this.#kept.get(event.id);
      if (kept) kept.ended({ code: event.code, signal: event.signal });
      else this.#early.set(event.id, { code: event.code, signal: event.signal });
    }
  }

  /**
   * Starts a process.
   *
   * @param name for the journal and messages, for example `redis`
   * @throws Error where it cannot be started; the caller knows which HarnessError that is
   */
  async start(name: string, command: Omit<KeeperCommand, 'id'>): Promise<KeptProcess> {
    if (this.#isGone) throw new HarnessError('INTERNAL', 'the keeper process is gone');
    this.#count += 1;
    const id = `${name}#${this.#count}`;
    const offset = sizeOf(command.log);
    try {
      const pid = await new Promise<number>((resolve, reject) => {
        this.#waiting.set(id, { resolve, reject });
        this.#process.stdin.write(`${JSON.stringify({ id, ...command } satisfies KeeperCommand)}\n`);
      });
      const kept = new KeptProcess(name, pid, command.log, offset);
      this.#kept.set(id, kept);
      const early = this.#early.get(id);
      if (early) kept.ended(early);
      else this.#write(pid, name);
      return kept;
    } finally {
      this.#waiting.delete(id);
    }
  }

  /** Ends the keeper and with it whatever still runs. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.stdin.end();
    await this.#gone;
    for (const kept of this.#kept.values()) {
      if (kept.exit) continue;
      // Only where the keeper itself was killed: its children are then ours to end.
      kept.signal('SIGKILL');
      kept.ended({ code: null, signal: 'SIGKILL' });
    }
  }
}
