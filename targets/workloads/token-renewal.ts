/**
 * An access token that all instances share and that ends every few minutes: one must renew it while the others go on
 * with the old one. Done naively everybody who finds it expired renews, and the authority that hands tokens out is the
 * next victim.
 */
import { z } from 'zod';
import { messageOf } from '../../harness/contract/errors.ts';
import { defineWorkload, workloadRequest } from '../../harness/contract/workload.ts';

interface Token {
  serial: number;
  renewAtMs: number;
  endsAtMs: number;
}

/** The authority: dear, counted, and each token is another one. */
const RENEW = `
WITH work AS (SELECT pg_sleep($3))
INSERT INTO shop.token_renewals (token, instance, begun_at) SELECT $1, $2, $4::timestamptz FROM work
RETURNING serial, extract(epoch FROM clock_timestamp())::float8 * 1000 AS at_ms`;

const UNLOCK_LUA = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`;

/** The lock outlives a renewal by this factor; a renewer that died blocks no longer. */
const LOCK_FACTOR = 5;

export default defineWorkload({
  id: 'token-renewal',
  title: 'Renewal of a shared token',
  prose:
    '`naive`: who finds the token expired renews it, all at once. `timestamp`: the token says from when on it should be ' +
    'renewed; the first to see that takes a lock and renews, the others go on with the old one. `extended-lease`: the ' +
    'first to find it expired pushes its end out for as long as a renewal takes, and renews. `cron`: one job renews it ' +
    'on a schedule; when the job is late, readers find it expired and must wait.',
  source: 'RFC 6749 (OAuth 2.0), section 1.5; the four ways are common practice',
  parameters: z.object({
    strategy: z
      .enum(['naive', 'timestamp', 'extended-lease', 'cron'])
      .default('timestamp')
      .describe('who renews, and when'),
    lifeMs: z.int().min(100).max(3_600_000).default(2_000).describe('life of a token'),
    renewMs: z.number().min(0).max(10_000).default(60).describe('how long the authority takes'),
    renewAt: z.number().min(0.1).max(1).default(0.8).describe('share of its life after which it is renewed early'),
  }),
  operations: { 'renew-token': workloadRequest('renew-token') },
  async seed(_parameters, sql) {
    await sql.query(
      `CREATE TABLE IF NOT EXISTS shop.token_renewals (serial bigint GENERATED ALWAYS AS IDENTITY, token int NOT NULL,
        instance text NOT NULL, begun_at timestamptz NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp())`,
    );
    await sql.query('TRUNCATE shop.token_renewals');
  },
  async audit({ lifeMs }, sql) {
    const [row] = await sql.query<{ renewals: number; periods: number }>(
      `SELECT count(*)::float8 AS renewals,
         coalesce(sum(life), 0)::float8 AS periods
       FROM (SELECT CASE WHEN row_number() OVER (PARTITION BY token ORDER BY at) = 1
               THEN greatest(extract(epoch FROM max(at) OVER (PARTITION BY token) - at) * 1000 / $1, 1) ELSE 0 END AS life
             FROM shop.token_renewals) AS r`,
      [lifeMs],
    );
    const renewals = row?.renewals ?? 0;
    return {
      figures: { 'tokens.renewals': renewals, 'tokens.renewalsPerPeriod': renewals / Math.max(1, row?.periods ?? 1) },
      problems: [],
    };
  },
  create({ redis, postgres, clock, random, log, parameters, instance, index }) {
    const { strategy, lifeMs, renewMs } = parameters;
    const tokenKey = (token: number): string => `cachequake:token:${token}`;
    const lockKey = (token: number): string => `cachequake:token-lock:${token}`;
    const lockMs = Math.ceil(LOCK_FACTOR * Math.max(50, renewMs));
    const seen = new Set<number>();

    async function look(token: number): Promise<Token | null> {
      const text = await redis.get(tokenKey(token));
      return text === null ? null : (JSON.parse(text) as Token);
    }

    async function renew(token: number): Promise<Token> {
      const values = [token, instance, renewMs / 1000, new Date(clock.nowMs()).toISOString()];
      const { rows } = await postgres.query<{ serial: string }>({ name: 'renew-token', text: RENEW, values });
      const nowMs = clock.nowMs();
      const made = {
        serial: Number(rows[0]!.serial),
        renewAtMs: nowMs + parameters.renewAt * lifeMs,
        endsAtMs: nowMs + lifeMs,
      };
      // Kept beyond its end, so that whoever may go on with it finds it.
      await redis.set(tokenKey(token), JSON.stringify(made), 'PX', lifeMs + lockMs);
      return made;
    }

    /** Renews under the lock; null where somebody else holds it. */
    async function renewAlone(token: number, before?: () => Promise<unknown>): Promise<Token | null> {
      const secret = `${instance}:${random.next()}`;
      if ((await redis.set(lockKey(token), secret, 'PX', lockMs, 'NX')) !== 'OK') return null;
      try {
        // Between the look and the lock somebody may have renewed it.
        const there = await look(token);
        if (there !== null && clock.nowMs() < there.renewAtMs) return there;
        await before?.();
        return await renew(token);
      } finally {
        await redis.eval(UNLOCK_LUA, 1, lockKey(token), secret).catch(() => {});
      }
    }

    /** For whoever found no token that holds: waits for the one who renews, or becomes that one. */
    async function waitForOne(token: number): Promise<Token> {
      for (;;) {
        const there = await look(token);
        if (there !== null && clock.nowMs() < there.endsAtMs) return there;
        const made = strategy === 'cron' && seen.has(token) ? null : await renewAlone(token);
        if (made !== null) return made;
        await clock.sleep(10 + 10 * random.next());
      }
    }

    async function current(
      token: number,
    ): Promise<{ token: Token; cache: 'hit' | 'stale' | 'miss' | 'early' | 'waited' }> {
      const there = await look(token);
      const nowMs = clock.nowMs();
      if (there !== null && nowMs < there.endsAtMs) {
        if (strategy !== 'timestamp' || nowMs < there.renewAtMs) return { token: there, cache: 'hit' };
        const made = await renewAlone(token);
        return made === null || made.serial === there.serial
          ? { token: there, cache: 'hit' }
          : { token: made, cache: 'early' };
      }
      if (strategy === 'naive') return { token: await renew(token), cache: 'miss' };
      if (strategy === 'extended-lease' && there !== null) {
        const extended = { ...there, endsAtMs: nowMs + lockMs };
        const made = await renewAlone(token, () =>
          redis.set(tokenKey(token), JSON.stringify(extended), 'PX', 2 * lockMs),
        );
        if (made !== null) return { token: made, cache: 'miss' };
      }
      return { token: await waitForOne(token), cache: there === null ? 'miss' : 'waited' };
    }

    const ended = new AbortController();
    /** The one job of `cron`, in the first instance. */
    const job = (async () => {
      if (strategy !== 'cron' || index !== 0) return;
      for (;;) {
        await clock.sleep(parameters.renewAt * lifeMs, ended.signal);
        for (const token of seen)
          await renew(token).catch((error: unknown) => log.warn(`token ${token} was not renewed: ${messageOf(error)}`));
      }
    })().catch(() => {});

    return Promise.resolve({
      handlers: {
        async 'renew-token'({ key }) {
          const { token, cache } = await current(key);
          seen.add(key);
          return { status: 200, body: { serial: token.serial }, cache, version: token.serial };
        },
      },
      async close() {
        ended.abort();
        await job;
      },
    });
  },
});
