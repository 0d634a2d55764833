/**
 * A service calls a partner with an access token that all its instances share. When the token ends, a thousand
 * requests see it at the same moment, and the partner’s token endpoint allows ten calls a minute.
 */
import { z } from 'zod';
import { defineProfile } from '../harness/contract/profile.ts';
import { catalogue, latencyParameters, plain, steady, steadyParameters } from './shared/parameters.ts';

export default defineProfile({
  id: 'token-renewal',
  title: 'A shared token that must be renewed',
  prose:
    'Each request needs the token. One shall renew it while the others go on with the old one. Compare with ' +
    '--vary token-renewal.strategy=naive,timestamp,extended-lease,cron: tokens.renewalsPerPeriod should be 1.',
  parameters: z.object({
    ...steadyParameters,
    tokens: z.int().min(1).max(1000).default(1).describe('tokens in use'),
    ...latencyParameters,
  }),
  shape: (p) => ({
    ...plain,
    dataset: catalogue({ keys: 1, recomputeMs: 0 }, { stock: 0, preloadKeys: 0 }),
    traffic: {
      arrivals: 'poisson',
      segments: steady(p),
      operations: [{ operation: 'renew-token', weight: 1, keys: { kind: 'uniform', keys: p.tokens } }],
      users: 10_000,
    },
    ttlMs: 60_000,
    checks: ['identity', 'workload-audit'],
    timeoutMs: p.timeoutMs,
    workload: { id: 'token-renewal' },
  }),
});
