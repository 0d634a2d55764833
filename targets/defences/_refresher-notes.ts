/** What readers and the refresh worker agree on: where reports go, how they read, and how a living worker is known. */
import type { Entry } from '../../harness/contract/store.ts';

/** The box of reports in the mailbox. */
export const REPORTS = 'refresher';
/** Cached by the worker with a short life: where it is gone, so is the worker. */
export const HEARTBEAT = 'refresher:heartbeat';
/** Beats that may be missed before the worker counts as dead. */
const MISSED_BEATS = 3;

/** `miss`: nothing was found. `used`: found and read, so that it is worth being kept fresh. */
export interface Report {
  kind: 'miss' | 'used';
  key: string;
}

export function writeReport({ kind, key }: Report): string {
  return `${kind} ${key}`;
}

/** Null for what is no report. */
export function readReport(text: string): Report | null {
  const match = /^(miss|used) (.+)$/s.exec(text);
  return match ? { kind: match[1] as Report['kind'], key: match[2]! } : null;
}

/** The entry that says that the worker lives, until it ends. */
export function heartbeat(who: string, nowMs: number, everyMs: number): { entry: Entry<string>; keepMs: number } {
  const keepMs = MISSED_BEATS * everyMs;
  return {
    keepMs,
    entry: { key: HEARTBEAT, value: who, version: 1, storedAtMs: nowMs, expiresAtMs: nowMs + keepMs, recomputeMs: 0 },
  };
}
