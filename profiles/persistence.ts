/**
 * A cache that also writes to disk. Whoever turns persistence on for a cache, because it also holds queues, locks or
 * stock, pays at every write; how much depends on when the disk must have it.
 */
import { z } from 'zod';
import { defineProfile } from '../harness/contract/profile.ts';
import {
  catalogue,
  latencyParameters,
  payloadParameter,
  plain,
  recomputeParameter,
  steady,
  steadyParameters,
  ttlParameter,
} from './shared/parameters.ts';

/** `CONFIG SET` in this order; what was there before is put back after the run. */
const SETTINGS = {
  none: { save: '', appendonly: 'no' },
  rdb: { save: '1 1', appendonly: 'no' },
  'aof-everysec': { save: '', appendfsync: 'everysec', appendonly: 'yes' },
  'aof-always': { save: '', appendfsync: 'always', appendonly: 'yes' },
} as const;

export default defineProfile({
  id: 'persistence',
  title: 'What persistence of Redis costs',
  prose:
    'Poisson arrivals at a steady rate, evenly over a catalogue, half of them writes that Redis acknowledges and the ' +
    'database gets later (write-behind), so that a write costs what Redis takes for it. Redis keeps nothing on disk ' +
    '(none), a snapshot every second (rdb: a fork, and copies of the pages that change meanwhile), a log that is synced ' +
    'once a second (aof-everysec) or before every answer (aof-always). Compare them with ' +
    '--vary mode=none,rdb,aof-everysec,aof-always on the disk that production has: latency of the writes, and CPU of ' +
    'Redis. What a crash loses is the other side: all, since the last snapshot, about a second, or nothing that was ' +
    'acknowledged. The settings are put back afterwards.',
  parameters: z.object({
    ...steadyParameters,
    ratePerSec: steadyParameters.ratePerSec.default(300),
    durationSec: steadyParameters.durationSec.default(10),
    mode: z.enum(['none', 'rdb', 'aof-everysec', 'aof-always']).default('none').describe('what Redis keeps on disk'),
    writeShare: z.number().min(0).max(1).default(0.5).describe('share of requests that write'),
    keys: z.int().min(1).max(5_000_000).default(1000).describe('products that are read and written'),
    payloadBytes: payloadParameter(2000),
    ttlMs: ttlParameter(600_000),
    recomputeMs: recomputeParameter(2),
    ...latencyParameters,
  }),
  shape: (p) => ({
    ...plain,
    dataset: catalogue(p, { stock: 100, preloadKeys: p.keys, payloadBytes: p.payloadBytes }),
    traffic: {
      arrivals: 'poisson',
      segments: steady(p),
      operations: [
        { operation: 'read-item', weight: 1 - p.writeShare, keys: { kind: 'uniform', keys: p.keys } },
        { operation: 'write-item', weight: p.writeShare, keys: { kind: 'uniform', keys: p.keys } },
      ],
      users: 10_000,
    },
    ttlMs: p.ttlMs,
    timeoutMs: p.timeoutMs,
    write: 'write-behind',
    redisConfig: SETTINGS[p.mode],
  }),
});
