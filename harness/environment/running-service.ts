/** A service that runs already: it is waited for, and otherwise left alone. */
import { HarnessError } from '../contract/errors.ts';
import type { StartedService } from '../contract/environment.ts';
import type { Target } from '../contract/target.ts';
import { isReadyStatus, waitUntilReady } from './ready.ts';

const READY_MS = 20_000;

/**
 * @param urls one base URL for each instance
 * @throws HarnessError SERVICE_FAILED where one does not answer in time
 */
export async function useRunningService(
  urls: readonly string[],
  target: Target,
  signal: AbortSignal,
): Promise<StartedService> {
  const { status = null, timeoutMs = READY_MS } = target.ready ?? {};
  await Promise.all(
    urls.map(async (url) => {
      const isReady = isReadyStatus(status);
      const answer = await waitUntilReady(`${url}${target.readyPath}`, timeoutMs, () => false, signal, isReady);
      if (!answer.ready)
        throw new HarnessError(
          'SERVICE_FAILED',
          `${url}${target.readyPath}: ${answer.last} within ${timeoutMs / 1000} s`,
          {
            hint: 'is the service running, and does this path answer 2xx? readiness.path of the target names another',
          },
        );
    }),
  );
  return {
    instances: urls.map((url, index) => ({
      index,
      url,
      pid: null,
      signal: () =>
        Promise.reject(
          new HarnessError('FAULT_FAILED', `${url} was not started by Cachequake and gets no signals from it`),
        ),
    })),
    died: new Promise<never>(() => undefined),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
