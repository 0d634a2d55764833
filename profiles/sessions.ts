/**
 * Every click of a signed-in user reads the session and moves its end. Twitter reports clusters for such state
 * with as many writes as reads; GitHub and Discourse keep sessions in Redis.
 */
import { z } from 'zod';
import { defineProfile } from '../harness/contract/profile.ts';
import { catalogue, latencyParameters, plain, steady, steadyParameters } from './shared/parameters.ts';

export default defineProfile({
  id: 'sessions',
  title: 'Sessions of signed-in users',
  prose:
    'Each request is one click of one user. The session’s end slides with every click. Compare with --vary ' +
    'sessions.strategy=cache-only,write-through and --fault redis-restart: sessions.lost counts who had to ' +
    'sign in again.',
  parameters: z.object({
    ...steadyParameters,
    signedIn: z.int().min(1).max(1000000).default(2000).describe('users who are signed in'),
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
        { operation: 'touch-session', weight: 1, keys: { kind: 'zipf', keys: p.signedIn, exponent: p.exponent } },
      ],
      users: 10_000,
    },
    ttlMs: 60_000,
    checks: ['identity', 'workload-audit'],
    timeoutMs: p.timeoutMs,
    workload: { id: 'sessions' },
  }),
});
