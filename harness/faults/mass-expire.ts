/**
 * Many keys expire at one moment, as they do when they were loaded together with one fixed TTL. The keys are found
 * with SCAN and given the same absolute time, so that the moment is sharp however long the walk takes.
 */
import { z } from 'zod';
import { defineFault, type FaultContext } from '../contract/fault.ts';
import { infoValue } from './engine/keyspace.ts';

const SCAN_COUNT = 1_000;

interface Marked {
  found: number;
  set: number;
  expiredBefore: number;
}
const marked = new WeakMap<FaultContext, Marked>();

export default defineFault({
  id: 'mass-expire',
  title: 'Mass expiry',
  prose:
    'Every matching key is set to expire at the same moment (PEXPIREAT, never later than it would have anyway). ' +
    'The physical key goes, so that the next read of each misses. Needs Redis 7 or Valkey.',
  incident:
    "The stampede of fixed TTLs: 29 of 53 clusters in Twitter's public cache traces use one fixed TTL for at least 95 % of writes.",
  kind: 'striking',
  needs: ['redis-write'],
  parameters: z.object({
    inMs: z.coerce
      .number()
      .int()
      .min(0)
      .max(5_000)
      .default(200)
      .describe('How long after the injection the keys expire, ms; long enough to walk all keys.'),
    match: z.coerce.string().min(1).default('*').describe('Glob of the keys, as in SCAN MATCH.'),
    persistent: z.boolean().default(false).describe('Also keys that have no TTL, such as counters.'),
  }),
  undo: () => [],
  async inject(context, { inMs, match, persistent }) {
    const { redis } = context;
    const expiredBefore = Number(infoValue(await redis.info('stats'), 'expired_keys'));
    const [seconds, micros] = await redis.time();
    const startedMs = context.clock.nowMs();
    const atMs = Math.round(Number(seconds) * 1_000 + Number(micros) / 1_000 + inMs);
    const seen: Marked = { found: 0, set: 0, expiredBefore };
    let cursor = '0';
    do {
      const [next, keys] = await redis.scan(cursor, 'MATCH', match, 'COUNT', SCAN_COUNT);
      cursor = next;
      const batch = redis.pipeline();
      for (const key of keys) batch.call('PEXPIREAT', key, atMs, ...(persistent ? ['LT'] : ['XX', 'LT']));
      const replies = (await batch.exec()) ?? [];
      for (const [error, reply] of replies) {
        if (error) throw error;
        seen.set += Number(reply);
      }
      seen.found += keys.length;
    } while (cursor !== '0');
    marked.set(context, seen);
    const leftMs = startedMs + inMs - context.clock.nowMs();
    if (leftMs > 0) await context.clock.sleep(leftMs);
  },
  async confirm(context) {
    const seen = marked.get(context);
    if (!seen) return { active: false, evidence: 'no key was set to expire' };
    const expired = Number(infoValue(await context.redis.info('stats'), 'expired_keys')) - seen.expiredBefore;
    return {
      active: seen.set > 0,
      evidence: `${seen.set} of ${seen.found} matching keys set to expire at one moment; Redis has expired ${expired} since`,
    };
  },
});
