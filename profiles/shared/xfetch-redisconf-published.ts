/**
 * What internetarchive/xfetch published with its talk at RedisConf 2017: four strategies on one key, 50 workers, about
 * 94 reads/s, TTL 20 s, recompute 0.5 s, β 1.
 */

export interface PublishedRun {
  strategy: string;
  /** Our stack that does the same. */
  defence: string;
  seconds: number;
  reads: number;
  misses: number;
  recomputes: number;
}

export const PUBLISHED_SETTINGS = { workers: 50, readsPerSec: 94, ttlSec: 20, recomputeSec: 0.5, beta: 1 };

export const PUBLISHED_RUNS: readonly PublishedRun[] = [
  { strategy: 'fetch', defence: 'cache-aside', seconds: 290, reads: 27_179, misses: 484, recomputes: 484 },
  { strategy: 'locked', defence: 'lock-wait', seconds: 294, reads: 27_765, misses: 519, recomputes: 14 },
  { strategy: 'xfetch', defence: 'xfetch', seconds: 450, reads: 42_944, misses: 0, recomputes: 52 },
  { strategy: 'xlocked', defence: 'xfetch+lock-stale', seconds: 317, reads: 30_025, misses: 0, recomputes: 17 },
];
