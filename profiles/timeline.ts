/**
 * The page of one author: the newest of what they wrote, bounded in length. Reads of one list, and a push at its
 * head with each post.
 */
import { z } from 'zod';
import { defineProfile } from '../harness/contract/profile.ts';
import { catalogue, latencyParameters, plain, steady, steadyParameters } from './shared/parameters.ts';

export default defineProfile({
  id: 'timeline',
  title: 'An author’s timeline',
  prose:
    'Reads of authors’ own lists with a Zipf distribution, and posts by the same authors. The list lives in ' +
    'Redis, bounded by LTRIM; with feed.strategy=on-write each post is pushed to all followers besides, which ' +
    'shows in the latency of posts.',
  parameters: z.object({
    ...steadyParameters,
    postShare: z.number().min(0).max(1).default(0.05).describe('share of requests that post'),
    people: z.int().min(2).max(200000).default(1000).describe('authors'),
    exponent: z.number().min(0).max(5).default(0.8).describe('Zipf exponent of the keys'),
    ...latencyParameters,
  }),
  shape: (p) => ({
    ...plain,
    dataset: catalogue({ keys: 1, recomputeMs: 0 }, { stock: 0, preloadKeys: 0 }),
    traffic: {
      arrivals: 'poisson',
      segments: steady(p),
      operations: [
        {
          operation: 'list-page',
          weight: 1 - p.postShare,
          keys: { kind: 'zipf', keys: p.people, exponent: p.exponent },
        },
        { operation: 'post', weight: p.postShare, keys: { kind: 'zipf', keys: p.people, exponent: p.exponent } },
      ],
      users: 10_000,
    },
    ttlMs: 60_000,
    checks: ['identity', 'workload-audit'],
    timeoutMs: p.timeoutMs,
    workload: { id: 'feed', parameters: { users: p.people } },
  }),
});
