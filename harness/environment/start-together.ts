/** Starting several parts side by side, such that a failure of one leaves none of the others behind. */
import { messageOf } from '../contract/errors.ts';
import type { StartContext, StartedStack } from '../contract/environment.ts';
import { Teardown } from './teardown.ts';

/**
 * Like `Promise.all`, but waits for all of them before it throws the first failure: none may come up after the
 * teardown has run.
 */
export async function allOrThrow<T extends readonly unknown[]>(starts: { [K in keyof T]: Promise<T[K]> }): Promise<T> {
  await Promise.allSettled(starts);
  const values: unknown = await Promise.all(starts);
  return values as T;
}

/** Starts a stack part by part, and takes down what there is when one of them fails. */
export async function startOrTakeDown<S extends StartedStack>(
  context: StartContext,
  start: (context: StartContext, teardown: Teardown) => Promise<S>,
): Promise<S> {
  const teardown = new Teardown();
  try {
    return await start(context, teardown);
  } catch (error) {
    await teardown.run().catch((trouble: unknown) => context.progress(messageOf(trouble)));
    throw error;
  }
}
