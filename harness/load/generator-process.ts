/**
 * One generator process as its parent sees it: forked, spoken to over IPC, and never left behind. When it dies, its
 * last words on stderr become the error's message.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { HarnessError } from '../contract/errors.ts';
import { entryPoint } from '../kit/package-root.ts';
import type { FromGenerator, GeneratorReport, GeneratorShare, ProgressReport, ToGenerator } from './messages.ts';

const STDERR_LINES = 12;
/**
 * A young generation large enough that the objects of a request do not outlive it, and no helper threads for it: on a
 * small machine they would wait for the core that the target is on.
 */
const NODE_FLAGS = ['--max-semi-space-size=32', '--single-threaded-gc'];

export class GeneratorProcess {
  /** Resolves when it may be told to go. */
  readonly ready: Promise<void>;
  /** Resolves to what it saw; rejects when it died. */
  readonly report: Promise<GeneratorReport>;
  onProgress: (progress: ProgressReport) => void = () => {};

  readonly #child: ChildProcess;
  readonly #name: string;
  readonly #ready = Promise.withResolvers<void>();
  readonly #report = Promise.withResolvers<GeneratorReport>();
  #stderr = '';
  #failure = '';

  readonly #share: GeneratorShare;

  /** Starts the process, which warms itself; it is ready some time after {@link aim}. */
  constructor(share: GeneratorShare) {
    this.#share = share;
    this.#name = `generator process ${share.process + 1} of ${share.processes}`;
    this.ready = this.#ready.promise;
    this.report = this.#report.promise;
    // Whoever waits for one of them must not be surprised by the other.
    this.ready.catch(() => {});
    this.report.catch(() => {});

    this.#child = fork(entryPoint('harness/load/generator-main'), [], {
      execPath: process.execPath,
      execArgv: NODE_FLAGS,
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      serialization: 'advanced',
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-8000);
    });
    this.#child.on('message', (message) => this.#heard(message as FromGenerator));
    this.#child.once('error', (error) => this.#fail(error.message));
    // `close` comes after the last of stderr, `exit` may come before it.
    this.#child.once('close', (code, signal) =>
      this.#fail(this.#failure || (signal === null ? `exit code ${code}` : `killed by ${signal}`)),
    );
    this.tell({ type: 'warm', share });
  }

  /** Says where to send; connections are opened, nothing is sent. */
  aim(baseUrls: readonly string[]): void {
    this.tell({ type: 'prepare', order: { ...this.#share, baseUrls } });
  }

  tell(message: ToGenerator): void {
    if (this.#child.connected) this.#child.send(message, () => {});
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  #heard(message: FromGenerator): void {
    if (message.type === 'ready') this.#ready.resolve();
    else if (message.type === 'progress') this.onProgress(message.progress);
    else if (message.type === 'report') this.#report.resolve(message.report);
    else this.#failure = message.message;
  }

  #fail(reason: string): void {
    const lastLines = this.#stderr.trim().split('\n').slice(-STDERR_LINES).join('\n');
    const error = new HarnessError('GENERATOR_FAILED', `${this.#name} failed: ${reason}\n${lastLines}`.trimEnd(), {
      hint: 'the load is incomplete: nothing can be said about this run',
    });
    this.#ready.reject(error);
    this.#report.reject(error);
  }
}
