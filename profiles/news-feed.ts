/**
 * The home page of a social network. Everybody reads much more than they write, and a few are followed by half of
 * all: pushing their posts to everybody is dear, gathering them for every reader is dear too (Twitter pushes for
 * most and gathers for celebrities).
 */
import { z } from 'zod';
import { defineProfile } from '../harness/contract/profile.ts';
import { catalogue, latencyParameters, plain, steady, steadyParameters } from './shared/parameters.ts';

export default defineProfile({
  id: 'news-feed',
  title: 'A news feed',
  prose:
    'Reads of the home feed and posts, by users with a Zipf distribution; user 0 is followed by half of all. Every ' +
    'reader’s feed is another list, made of the posts of those that he follows: pushed into it with each post ' +
    '(on-write), or merged from the authors’ lists with each read (on-read). The page of one author, which all of ' +
    'its readers share, is the profile `timeline`. ' +
    'Compare with --vary feed.strategy=on-write,on-read,database: Redis operations per request and the ' +
    'database rate tell the price of each.',
  parameters: z.object({
    ...steadyParameters,
    postShare: z.number().min(0).max(1).default(0.02).describe('share of requests that post'),
    people: z.int().min(2).max(200000).default(1000).describe('users of the network'),
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
          operation: 'read-feed',
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
