/**
 * Reads that miss the cache go to a replica of the database, so that the primary is left to those who write. What that
 * takes off the primary, and the new way to a stale cache that it opens: a value that was old where it was loaded.
 */
import { z } from 'zod';
import { defineProfile } from '../harness/contract/profile.ts';
import {
  catalogue,
  latencyParameters,
  plain,
  readsAndWrites,
  recomputeParameter,
  steadyParameters,
  ttlParameter,
} from './shared/parameters.ts';

export default defineProfile({
  id: 'read-replica',
  title: 'Cache misses are read from a replica of the database',
  prose:
    'Poisson arrivals at a steady rate, a Zipf distribution over a catalogue, a few requests in a hundred are edits. ' +
    'Stands for a shop whose product pages are loaded from a streaming replica of Postgres while edits and orders go to ' +
    'the primary, as most services do once one database does not carry both. A replica is behind: usually by ' +
    'milliseconds, under load or maintenance by seconds (applyDelayMs makes it so). An edit then deletes the cached ' +
    'page at once, and the next reader loads the page from the replica as it was before the edit and caches it until ' +
    'its TTL ends or it is edited again; no lock and no lease helps, since the load begins after the delete. Compare with ' +
    '--vary replica=true,false, with applyDelayMs=0,200, and with --write invalidate-after-write,double-delete,versioned-write: ' +
    'queries on the primary, lag of the replica, and how old stale answers are.',
  parameters: z.object({
    ...steadyParameters,
    ratePerSec: steadyParameters.ratePerSec.default(200),
    durationSec: steadyParameters.durationSec.default(10),
    keys: z.int().min(1).max(1_000_000).default(200).describe('products in the catalogue'),
    exponent: z.number().min(0).max(5).default(0.9).describe('Zipf exponent of the keys'),
    writeShare: z.number().min(0).max(1).default(0.03).describe('share of requests that write'),
    replica: z.boolean().default(true).describe('whether pages are loaded from a replica'),
    applyDelayMs: z
      .int()
      .min(0)
      .max(600_000)
      .default(200)
      .describe('how much later than the primary the replica applies a commit, at least'),
    ttlMs: ttlParameter(5000),
    recomputeMs: recomputeParameter(10),
    ...latencyParameters,
  }),
  shape: (p) => ({
    ...plain,
    dataset: catalogue(p, { stock: 100, preloadKeys: 0 }),
    traffic: readsAndWrites(p),
    ttlMs: p.ttlMs,
    checks: ['identity', 'no-lost-write'],
    timeoutMs: p.timeoutMs,
    postgres: { replica: p.replica, applyDelayMs: p.applyDelayMs },
  }),
});
