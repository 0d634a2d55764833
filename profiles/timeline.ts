/**
 * The page of one author: the newest of what they wrote, bounded in length. Everybody who looks at an author reads the
 * same list, so that a popular author is a hot key; in a news feed every reader has a list of his own.
 */
import { z } from 'zod';
import { defineProfile } from '../harness/contract/profile.ts';
import { catalogue, latencyParameters, plain, steady, steadyParameters } from './shared/parameters.ts';

export default defineProfile({
  id: 'timeline',
  title: 'An author’s timeline',
  prose:
    'Visits to authors’ pages with a Zipf distribution over the authors, and posts by the same authors. A post is one ' +
    'push onto the author’s list in Redis, bounded by LTRIM, and a visit is one read of it: nobody’s feed is touched, ' +
    'which is what a news feed with fan-out on read also writes. What is dear in `news-feed` costs nothing here; what ' +
    'this one has instead is the hot key: half of all visits go to a few lists. Compare with ' +
    '--vary feed.strategy=on-read,on-write,database: on-write pushes each post to all followers besides, which ' +
    'shows in the latency of posts and in Redis operations per request; database has no lists and asks for the ' +
    'newest posts of the author by index.',
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
    workload: { id: 'feed', parameters: { users: p.people, strategy: 'on-read' } },
  }),
});
