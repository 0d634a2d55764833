/**
 * A blog of some size: posts with their author and number of comments, read by people who are signed in. The
 * application on which most caching tutorials are written.
 */
import { z } from 'zod';
import { defineProfile } from '../harness/contract/profile.ts';
import { catalogue, latencyParameters, plain, steady, steadyParameters } from './shared/parameters.ts';

export default defineProfile({
  id: 'blog',
  title: 'A blog',
  prose:
    'Mostly reads of posts (Zipf), some comments, and a click on the session beside. Compare with --vary ' +
    'blog.strategy=queried,counted.',
  parameters: z.object({
    ...steadyParameters,
    commentShare: z.number().min(0).max(1).default(0.03).describe('share of requests that comment'),
    posts: z.int().min(1).max(100000).default(500).describe('posts that are read'),
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
          operation: 'read-item',
          weight: (1 - p.commentShare) * 0.8,
          keys: { kind: 'zipf', keys: p.posts, exponent: p.exponent },
        },
        { operation: 'touch-session', weight: (1 - p.commentShare) * 0.2, keys: { kind: 'uniform', keys: 2000 } },
        { operation: 'post', weight: p.commentShare, keys: { kind: 'zipf', keys: p.posts, exponent: p.exponent } },
      ],
      users: 10_000,
    },
    ttlMs: 2_000,
    checks: ['identity', 'workload-audit'],
    timeoutMs: p.timeoutMs,
    workload: { id: 'blog', parameters: { posts: p.posts } },
  }),
});
