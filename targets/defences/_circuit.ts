/**
 * The state machine of a circuit breaker: closed while things go well, open when too many of the last calls failed, and
 * half open after a pause, when a few calls may try. On the clock that it is given, so that it is tested in virtual time.
 */
import type { Clock } from '../../harness/contract/time.ts';

export type CircuitState = 'closed' | 'open' | 'half-open';

/** The window is kept in so many parts: the oldest is dropped when a new one begins. */
const PARTS = 10;

export interface CircuitOptions {
  clock: Clock;
  /** How far back calls count, ms. */
  windowMs: number;
  /** With fewer calls in the window nothing is concluded; so many bad ones in a row open it whatever went before. */
  minimumCalls: number;
  /** Share of failed calls from which on it opens, 0 to 1. */
  failureShare: number;
  /** How long nothing is let through, ms. */
  openMs: number;
  /** Calls that may try when half open; as many successes close the circuit, one failure opens it again. */
  probes: number;
  onChange(state: CircuitState, why: string): void;
}

export interface Circuit {
  readonly state: CircuitState;
  /** May a call be made now? When half open each yes is one of the probes. */
  admit(): boolean;
  /** A call has ended; `bad` for a failure or for one that took too long. */
  record(bad: boolean): void;
}

interface Part {
  startMs: number;
  calls: number;
  bad: number;
}

export function createCircuit(options: CircuitOptions): Circuit {
  const { clock, windowMs, minimumCalls, failureShare, openMs, probes } = options;
  let state: CircuitState = 'closed';
  let changedAtMs = 0;
  let parts: Part[] = [];
  /** Bad calls since the last good one: many good calls of a busy time before must not hide an outage. */
  let inARow = 0;
  /** When half open: probes let through, and those that ended well. */
  let admitted = 0;
  let good = 0;

  function change(to: CircuitState, why: string): void {
    state = to;
    changedAtMs = clock.nowMs();
    parts = [];
    inARow = 0;
    admitted = 0;
    good = 0;
    options.onChange(to, why);
  }

  function count(bad: boolean): void {
    const nowMs = clock.nowMs();
    let part = parts.at(-1);
    if (!part || nowMs - part.startMs >= windowMs / PARTS) {
      while (parts[0] && nowMs - parts[0].startMs >= windowMs) parts.shift();
      parts.push((part = { startMs: nowMs, calls: 0, bad: 0 }));
    }
    part.calls += 1;
    inARow = bad ? inARow + 1 : 0;
    if (!bad) return;
    part.bad += 1;
    const calls = parts.reduce((sum, one) => sum + one.calls, 0);
    const failed = parts.reduce((sum, one) => sum + one.bad, 0);
    if (inARow >= minimumCalls || (calls >= minimumCalls && failed >= failureShare * calls))
      change('open', `${failed} of the last ${calls} calls failed or were slow`);
  }

  return {
    get state() {
      return state;
    },
    admit() {
      if (state === 'closed') return true;
      const sinceMs = clock.nowMs() - changedAtMs;
      if (state === 'open') {
        if (sinceMs < openMs) return false;
        change('half-open', `${openMs} ms have passed`);
      } else if (admitted >= probes && sinceMs >= openMs) {
        // Probes that were never heard of again must not keep it half open for ever.
        admitted = good;
        changedAtMs = clock.nowMs();
      }
      if (admitted >= probes) return false;
      admitted += 1;
      return true;
    },
    record(bad) {
      if (state === 'closed') count(bad);
      else if (state === 'half-open' && bad) change('open', 'a probe failed or was slow');
      else if (state === 'half-open' && ++good >= probes) change('closed', `${good} probes succeeded`);
    },
  };
}
