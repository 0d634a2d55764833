/** TTLs that follow how often a key is read: long for the hot ones, short for those that hardly anybody asks for. */
import { z } from 'zod';
import { defineDefence } from '../../harness/contract/defence.ts';
import { createBoundedMap } from '../stores/_bounded-map.ts';

interface History {
  firstMs: number;
  lastMs: number;
  /** Reads, of which those one base TTL ago count 1/e. */
  reads: number;
}

export default defineDefence({
  id: 'adaptive-ttl',
  layer: 'lifetime',
  title: 'Adaptive TTL',
  prose:
    'A new value lives for the base TTL times how often its key was read lately, clamped between two bounds. Keys that ' +
    'are read often expire, and are loaded, less often; keys that are hardly read free their memory early. A key that ' +
    'has not been watched for half a base TTL keeps the base TTL. The history is that of one instance: with n of them ' +
    'each sees 1/n of the reads. What is read often is not what changes seldom: a hot key that also changes is served ' +
    'stale for longer, up to the upper bound, unless writes invalidate it. It makes the stampede on a hot key rarer, ' +
    'not smaller.',
  source: 'Adaptive TTL of web proxies (the Alex protocol, Cate 1992), applied to access frequency.',
  parameters: z.object({
    readsPerTtl: z
      .number()
      .positive()
      .default(20)
      .describe('A key that one instance reads this often per base TTL gets exactly the base TTL'),
    minShare: z.number().positive().max(1).default(0.25).describe('Shortest TTL, as a share of the base TTL'),
    maxShare: z.number().min(1).max(100).default(4).describe('Longest TTL, as a multiple of the base TTL'),
    maxKeys: z
      .number()
      .int()
      .positive()
      .default(10_000)
      .describe('Keys whose history is kept; beyond it the one read longest ago is forgotten'),
  }),
  needs: ['get', 'set', 'delete'],
  create({ clock, random, ttlMs: baseTtlMs, parameters: { readsPerTtl, minShare, maxShare, maxKeys } }) {
    const histories = createBoundedMap<History>({ maxEntries: maxKeys, eviction: 'lru', random });
    const decayed = (history: History, nowMs: number): number =>
      history.reads * Math.exp((history.lastMs - nowMs) / baseTtlMs);

    return {
      seen(key) {
        const nowMs = clock.nowMs();
        const history = histories.get(key);
        if (!history) {
          histories.set(key, { firstMs: nowMs, lastMs: nowMs, reads: 1 });
          return;
        }
        history.reads = decayed(history, nowMs) + 1;
        history.lastMs = nowMs;
      },
      ttlMs(key, baseMs) {
        const nowMs = clock.nowMs();
        const history = histories.get(key);
        if (!history) return baseMs;
        const watchedMs = nowMs - history.firstMs;
        if (watchedMs < baseTtlMs / 2) return baseMs;
        // A steady rate r, watched for the time w, has summed up to r·TTL·(1 − e^(−w/TTL)).
        const perTtl = decayed(history, nowMs) / (1 - Math.exp(-watchedMs / baseTtlMs));
        return baseMs * Math.min(maxShare, Math.max(minShare, perTtl / readsPerTtl));
      },
    };
  },
});
