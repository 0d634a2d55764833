/**
 * The readers' side of refreshing by a process of its own: they report what they read and miss, and leave expired
 * values to the worker while it shows signs of life. Without one they load for themselves, as if it had never been.
 */
import { z } from 'zod';
import { defineDefence, type FreshnessLayer } from '../../harness/contract/defence.ts';
import { messageOf } from '../../harness/contract/errors.ts';
import { HEARTBEAT, REPORTS, type Report, writeReport } from './_refresher-notes.ts';

const CLOSED = new Error('closed');
/** A miss is reported again after this time, ms, however many readers see it. */
const MISS_AGAIN_MS = 50;
/** How often a key in use is reported, as a share of the time after which it is given up. */
const REPORTS_PER_IDLE = 4;

const duration = (fallback: number, text: string) => z.number().positive().default(fallback).describe(`${text}, ms`);

export default defineDefence({
  id: 'external-refresh',
  layer: 'freshness',
  title: 'Refresh by a worker process',
  prose:
    'A process beside the instances keeps values fresh: it loads a key when its TTL nears its end, again on a period, ' +
    'and when a reader reports a miss. Readers of a warm key never load, whatever their number. A cold key is loaded ' +
    'by its readers once, as in cache-aside. The worker is one more thing that can die: readers know it by a heartbeat ' +
    'and load for themselves when that is old, which is a stampede unless something coordinates them (put lock-wait or ' +
    'single-flight beside it). Until they notice, expired values are served for `graceMs`. It refreshes keys that ' +
    'nobody asks for any more until `idleMs` has passed, and its throughput bounds how many keys can be kept fresh.',
  source:
    'Background refresh, for example refreshAfterWrite with a scheduled loader; VLDB 2015, "external recomputation".',
  parameters: z.object({
    leadShare: z.number().min(0.01).max(0.9).default(0.2).describe('Refreshed when this share of the TTL is left'),
    periodMs: duration(30_000, 'Each key in use is refreshed at least this often, changed or not'),
    graceMs: duration(2000, 'How long after its TTL a value may be served while the worker lives'),
    heartbeatMs: duration(250, 'How often the worker gives a sign of life; three missed ones are its death'),
    idleMs: duration(60_000, 'A key that nobody has read for this long is given up'),
    missDelayMs: duration(100, 'How long the worker leaves a missed key to the reader who missed it'),
    maxKeys: z.number().int().min(1).default(1000).describe('Keys that are kept fresh, at most'),
    maxConcurrent: z.number().int().min(1).default(4).describe('Loads of the worker at the same time'),
  }),
  needs: ['get', 'set', 'delete'],
  keepAfterTtlMs: ({ graceMs }) => graceMs,
  create({ store, clock, log, mailbox, parameters }): FreshnessLayer {
    const { heartbeatMs, idleMs, maxKeys } = parameters;
    const closed = new AbortController();
    /** When each key was last reported. */
    const reported = new Map<string, number>();
    /** What the last beat has promised; a cache that does not answer once says nothing about the worker. */
    let livesUntilMs = -Infinity;
    let alive = false;
    let deaf = false;

    function report(kind: Report['kind'], key: string, againMs: number): void {
      const nowMs = clock.nowMs();
      if (!mailbox || nowMs - (reported.get(key) ?? -Infinity) < againMs) return;
      reported.delete(key);
      reported.set(key, nowMs);
      if (reported.size > maxKeys) reported.delete(reported.keys().next().value!);
      mailbox.post(REPORTS, writeReport({ kind, key })).then(
        () => (deaf = false),
        (error: unknown) => {
          if (!deaf) log.warn(`external-refresh: nothing can be reported: ${messageOf(error)}`);
          deaf = true;
        },
      );
    }

    async function watch(): Promise<void> {
      while (!closed.signal.aborted) {
        await store.get(HEARTBEAT).then(
          (beat) => (livesUntilMs = beat?.expiresAtMs ?? -Infinity),
          () => {},
        );
        const beats = clock.nowMs() < livesUntilMs;
        if (beats !== alive) log.info(`external-refresh: the worker ${beats ? 'is there' : 'is gone, readers load'}`);
        alive = beats;
        await clock.sleep(heartbeatMs, closed.signal).catch(() => {});
      }
    }

    return {
      async start() {
        if (mailbox) void watch();
      },
      async close() {
        closed.abort(CLOSED);
      },
      missed: (key) => report('miss', key, MISS_AGAIN_MS),
      judge({ key, expiresAtMs }) {
        if (clock.nowMs() < expiresAtMs) {
          report('used', key, idleMs / REPORTS_PER_IDLE);
          return { is: 'fresh' };
        }
        report('miss', key, MISS_AGAIN_MS);
        return alive ? { is: 'stale', refreshed: 'elsewhere' } : { is: 'gone' };
      },
    };
  },
});
