/**
 * Takes things down in the reverse order of how they were put up, all of them, whatever fails on the way. The
 * language's own AsyncDisposableStack is not there yet in the oldest Node that the package supports.
 */
import { messageOf } from '../contract/errors.ts';

export class Teardown implements AsyncDisposable {
  readonly #steps: { what: string; undo: () => Promise<void> | void }[] = [];
  #running: Promise<void> | undefined;

  /** Remembers how to take something down. */
  add(what: string, undo: () => Promise<void> | void): void {
    this.#steps.push({ what, undo });
  }

  /**
   * Takes everything down, once.
   *
   * @throws AggregateError of what failed, after everything was tried
   */
  run(): Promise<void> {
    this.#running ??= this.#runAll();
    return this.#running;
  }

  async #runAll(): Promise<void> {
    const errors: Error[] = [];
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      try {
        await step.undo();
      } catch (cause) {
        errors.push(new Error(`${step.what}: ${messageOf(cause)}`, { cause }));
      }
    }
    if (errors.length > 0)
      throw new AggregateError(errors, `could not stop everything: ${errors.map((error) => error.message).join('; ')}`);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.run();
  }
}
