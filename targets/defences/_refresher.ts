/**
 * The worker's side of external refresh: which keys are in use, when each is due, and a sign of life for the readers.
 * Three things make it load a key: its TTL nears its end, its period is over, or a reader has reported a miss.
 */
import type { Mailbox } from '../../harness/contract/defence.ts';
import { messageOf } from '../../harness/contract/errors.ts';
import type { Entry, Store } from '../../harness/contract/store.ts';
import type { Clock, Log } from '../../harness/contract/time.ts';
import { createRefreshQueue } from './_refresh-queue.ts';
import { heartbeat, readReport, REPORTS } from './_refresher-notes.ts';

const TICK_MS = 50;
const REPORTS_PER_TICK = 500;
/** Never later than this many recompute times before the end of the TTL. */
const RECOMPUTES = 3;
/** After a load that failed or stored nothing the key rests for this long, ms. */
const REST_MS = 500;

export interface RefresherOptions {
  clock: Clock;
  log: Log;
  store: Store;
  mailbox: Mailbox;
  /** Loads and fills a key. */
  refresh(key: string): Promise<void>;
  /** Names the worker in its heartbeat. */
  who: string;
  /** Of `external-refresh`. */
  parameters: {
    leadShare: number;
    periodMs: number;
    heartbeatMs: number;
    idleMs: number;
    missDelayMs: number;
    maxKeys: number;
    maxConcurrent: number;
  };
}

interface Tracked {
  lastReportedMs: number;
  /** When it is looked at again, and loaded where it is then due. */
  dueAtMs: number;
  busy: boolean;
}

/** Loads so far, by what caused them. */
export type RefreshCounts = Record<'expiry' | 'period' | 'miss', number>;

/** Works until the signal aborts; resolves when what was being loaded has ended. Never rejects. */
export async function runRefresher(options: RefresherOptions, signal: AbortSignal): Promise<RefreshCounts> {
  const { clock, log, store, mailbox, who, parameters } = options;
  const { leadShare, periodMs, heartbeatMs, idleMs, missDelayMs, maxKeys, maxConcurrent } = parameters;
  const keys = new Map<string, Tracked>();
  const counts: RefreshCounts = { expiry: 0, period: 0, miss: 0 };
  const queue = createRefreshQueue({ who: 'refresher', maxConcurrent, refresh: options.refresh, log });
  let away = false;

  /** The cache may be away for long: said once when it goes and once when it is back. */
  async function reach<R>(work: Promise<R>): Promise<R | null> {
    try {
      const result = await work;
      if (away) log.info('refresher: the cache answers again');
      away = false;
      return result;
    } catch (error) {
      if (!away) log.warn(`refresher: the cache is away: ${messageOf(error)}`);
      away = true;
      return null;
    }
  }

  async function beat(): Promise<void> {
    const { entry, keepMs } = heartbeat(who, clock.nowMs(), heartbeatMs);
    await reach(store.set(entry, { keepMs }));
  }

  function plan(tracked: Tracked, entry: Entry<unknown>): 'expiry' | 'period' {
    const leadMs = Math.max(leadShare * (entry.expiresAtMs - entry.storedAtMs), RECOMPUTES * entry.recomputeMs);
    const expiryAtMs = entry.expiresAtMs - leadMs;
    const periodAtMs = entry.storedAtMs + periodMs;
    tracked.dueAtMs = Math.min(periodAtMs, expiryAtMs);
    return periodAtMs < expiryAtMs ? 'period' : 'expiry';
  }

  function take(text: string): void {
    const report = readReport(text);
    if (!report) return;
    const nowMs = clock.nowMs();
    const tracked = keys.get(report.key);
    if (tracked) tracked.lastReportedMs = nowMs;
    // Gone before it was due: evicted, deleted, or a load of ours that stored nothing.
    const again = tracked && report.kind === 'miss' && !tracked.busy && tracked.dueAtMs > nowMs + missDelayMs;
    if (tracked && !again) return;
    if (!tracked && keys.size >= maxKeys) return;
    keys.set(report.key, { lastReportedMs: nowMs, dueAtMs: nowMs + missDelayMs, busy: false });
  }

  /** Looks first: a reader who missed may have filled by now, and so may another worker. */
  async function serve(key: string, tracked: Tracked): Promise<void> {
    tracked.busy = true;
    const nowMs = clock.nowMs();
    const before = await reach(store.get(key));
    const cause = before ? plan(tracked, before) : 'miss';
    if (!before || tracked.dueAtMs <= nowMs) {
      counts[cause] += 1;
      await queue.push(key);
      const after = await reach(store.get(key));
      if (after) plan(tracked, after);
      // Nothing was stored, or not by us: the same again at once would be a busy loop.
      if (!after || after.storedAtMs === before?.storedAtMs) tracked.dueAtMs = clock.nowMs() + REST_MS;
    }
    tracked.busy = false;
  }

  const beats = (async () => {
    while (!signal.aborted) {
      await beat();
      await clock.sleep(heartbeatMs, signal).catch(() => {});
    }
  })();
  while (!signal.aborted) {
    for (const text of (await reach(mailbox.take(REPORTS, REPORTS_PER_TICK))) ?? []) take(text);
    const nowMs = clock.nowMs();
    for (const [key, tracked] of keys) {
      if (tracked.busy) continue;
      if (nowMs - tracked.lastReportedMs >= idleMs) keys.delete(key);
      else if (nowMs >= tracked.dueAtMs) void serve(key, tracked);
    }
    await clock.sleep(TICK_MS, signal).catch(() => {});
  }
  await beats;
  await queue.close();
  return counts;
}
