/** One moment to wait for, that can be moved or given up. Never early, and for any length of time. */

const LONGEST_TIMER_MS = 2 ** 31 - 1;

export interface Timer {
  /** True from {@link at} until it has fired or was stopped. */
  readonly waiting: boolean;
  /** Calls `then` at that moment of `performance.now()`, never before the next turn; replaces an earlier moment. */
  at(dueMs: number, then: () => void): void;
  stop(): void;
}

export function timer(): Timer {
  let handle: NodeJS.Timeout | null = null;
  const stop = (): void => {
    if (handle) clearTimeout(handle);
    handle = null;
  };
  const at = (dueMs: number, then: () => void): void => {
    stop();
    const waitMs = Math.max(1, Math.ceil(dueMs - performance.now()));
    handle = setTimeout(
      () => {
        handle = null;
        if (performance.now() < dueMs) at(dueMs, then);
        else then();
      },
      Math.min(waitMs, LONGEST_TIMER_MS),
    );
  };
  return {
    get waiting() {
      return handle !== null;
    },
    at,
    stop,
  };
}
