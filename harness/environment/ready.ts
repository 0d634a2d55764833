/** Waits until an HTTP server says that it is ready, with connections of its own that are not kept. */
import { get as httpGet } from 'node:http';
import { get as httpsGet } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * One GET.
 *
 * @returns the status; null where nobody answers within a second
 */
function statusOf(url: string): Promise<number | null> {
  return new Promise((resolve) => {
    const get = url.startsWith('https:') ? httpsGet : httpGet;
    const request = get(url, { agent: false, timeout: 1000 }, (response) => {
      response.resume();
      resolve(response.statusCode ?? null);
    });
    request.once('timeout', () => request.destroy());
    request.once('error', () => resolve(null));
  });
}

const isSuccess = (status: number): boolean => status >= 200 && status < 300;

/** @param expected the one status that says "ready"; null for any 2xx */
export function isReadyStatus(expected: number | null): (status: number) => boolean {
  return expected === null ? isSuccess : (status) => status === expected;
}

/**
 * Polls until the answer says that the server is ready.
 *
 * @param ended tells that waiting is of no use any more
 * @param isReady judges the status; any 2xx where not given
 * @returns `ready`, or what was seen last: a status, or `no answer`
 */
export async function waitUntilReady(
  url: string,
  timeoutMs: number,
  ended: () => boolean,
  signal: AbortSignal,
  isReady: (status: number) => boolean = isSuccess,
): Promise<{ ready: boolean; last: string }> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const status = await statusOf(url);
    if (status !== null && isReady(status)) return { ready: true, last: String(status) };
    const last = status === null ? 'no answer' : `status ${status}`;
    if (ended() || performance.now() > deadline) return { ready: false, last };
    await delay(25, undefined, { signal });
  }
}
