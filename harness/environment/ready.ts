/** Waits until an HTTP server says that it is ready, with connections of its own that are not kept. */
import { get } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * One GET.
 *
 * @returns the status; null where nobody answers within a second
 */
function statusOf(url: string): Promise<number | null> {
  return new Promise((resolve) => {
    const request = get(url, { agent: false, timeout: 1000 }, (response) => {
      response.resume();
      resolve(response.statusCode ?? null);
    });
    request.once('timeout', () => request.destroy());
    request.once('error', () => resolve(null));
  });
}

/**
 * Polls until the answer is 2xx.
 *
 * @param ended tells that waiting is of no use any more
 * @returns `ready`, or what was seen last: a status, or `no answer`
 */
export async function waitUntilReady(
  url: string,
  timeoutMs: number,
  ended: () => boolean,
  signal: AbortSignal,
): Promise<{ ready: boolean; last: string }> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const status = await statusOf(url);
    if (status !== null && status >= 200 && status < 300) return { ready: true, last: String(status) };
    const last = status === null ? 'no answer' : `status ${status}`;
    if (ended() || performance.now() > deadline) return { ready: false, last };
    await delay(25, undefined, { signal });
  }
}
