/** The real clock: epoch milliseconds with microsecond fractions that never go back within a process. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../contract/time.ts';

/** Epoch ms at the start of this process; processes of one machine agree to well under a millisecond. */
const originMs = performance.timeOrigin;

export const realClock: Clock = {
  nowMs: () => originMs + performance.now(),
  sleep: (ms, signal) => delay(ms, undefined, signal ? { signal } : {}),
};
