/**
 * A published result, repeated: the experiment that internetarchive/xfetch showed at RedisConf 2017, one key that is
 * dear to make, with its own settings. Whoever does not believe a harness can hold it against figures that somebody
 * else measured.
 */
import { z } from 'zod';
import { defineProfile } from '../harness/contract/profile.ts';
import { catalogue, latencyParameters, plain, steady } from './shared/parameters.ts';
import { PUBLISHED_RUNS, PUBLISHED_SETTINGS } from './shared/xfetch-redisconf-published.ts';

const { readsPerSec, ttlSec, recomputeSec, workers } = PUBLISHED_SETTINGS;
const published = PUBLISHED_RUNS.map((run) => `${run.strategy} ${run.recomputes} in ${run.seconds} s`).join(', ');

export default defineProfile({
  id: 'xfetch-redisconf',
  title: 'internetarchive/xfetch at RedisConf 2017, repeated',
  prose:
    `Reads of one key at about ${readsPerSec}/s, TTL ${ttlSec} s, ${recomputeSec} s to make the value. Published ` +
    `recomputes: ${published}. Time is scaled: with timeScale=0.25 everything takes a quarter and the rate is fourfold, ` +
    'so that reads per TTL and reads per recompute, on which the counts depend, stay as they were. All four: ' +
    `cachequake compare xfetch-redisconf --defence ${PUBLISHED_RUNS.map((run) => run.defence).join(',')}; beside the ` +
    'published counts: npm run bench -- xfetch-redisconf. A difference to expect: the original has ' +
    `${workers} workers that read, wait and read again, and a worker that recomputes does not read; our arrivals do ` +
    'not wait, so that nothing else but the defence keeps readers away during a recompute.',
  parameters: z.object({
    timeScale: z.number().min(0.02).max(1).default(0.25).describe('1 for the original time'),
    durationSec: z.number().positive().max(86_400).default(72).describe('length of the recorded part, scaled time'),
    ...latencyParameters,
  }),
  shape: (p) => {
    const ratePerSec = readsPerSec / p.timeScale;
    return {
      ...plain,
      dataset: catalogue({ keys: 1, recomputeMs: recomputeSec * 1000 * p.timeScale }, { stock: 100, preloadKeys: 1 }),
      traffic: {
        arrivals: 'poisson',
        segments: steady({ ...p, ratePerSec }),
        operations: [{ operation: 'read-item', weight: 1, keys: { kind: 'single', key: 0 } }],
        users: workers,
      },
      ttlMs: Math.round(ttlSec * 1000 * p.timeScale),
      hotKey: { key: 0, share: 1 },
      timeoutMs: p.timeoutMs,
      // A worker of the original sleeps instead of asking a database: nobody waits for a free connection there.
      postgresPool: workers,
    };
  },
});
