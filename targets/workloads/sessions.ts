/**
 * Sessions of signed-in users: read at every click, pushed into the future at every click, and missed at once when they
 * are gone. Kept in the cache alone a restart signs everybody out; written through they survive it.
 */
import { z } from 'zod';
import { messageOf } from '../../harness/contract/errors.ts';
import { defineWorkload, workloadRequest } from '../../harness/contract/workload.ts';

/** Touches the session and slides its end; gives the touches so far, 0 where there is none. */
const TOUCH_LUA = `
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return redis.call('HINCRBY', KEYS[1], 'touches', 1)`;

/** Puts a session back; one that somebody else has put back meanwhile stays as it is. */
const RESTORE_LUA = `
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('HSET', KEYS[1], 'touches', ARGV[2])
return redis.call('PEXPIRE', KEYS[1], ARGV[1])`;

/** Stretches the stored end only when half of it is used up, so that not every click is a write. */
const SAVE = `
INSERT INTO shop.sessions (user_id, ends_at) VALUES ($1, clock_timestamp() + $2 * interval '1 ms')
ON CONFLICT (user_id) DO UPDATE SET ends_at = excluded.ends_at
WHERE shop.sessions.ends_at < clock_timestamp() + $2 * interval '0.5 ms'`;

const SIGN_IN = `
WITH signed_in AS (
  INSERT INTO shop.sessions (user_id, ends_at) VALUES ($1, clock_timestamp() + $2 * interval '1 ms')
  ON CONFLICT (user_id) DO UPDATE SET ends_at = excluded.ends_at WHERE shop.sessions.ends_at <= clock_timestamp()
  RETURNING user_id)
INSERT INTO shop.sign_ins (user_id) SELECT user_id FROM signed_in`;

export default defineWorkload({
  id: 'sessions',
  title: 'Sessions with a sliding end',
  prose:
    'Each click reads the user’s session and moves its end into the future. `cache-only` keeps it in Redis: cheap, and ' +
    'who comes after a restart or a flush must sign in again. `write-through` writes it to Postgres as well, the end ' +
    'only when half of it is used up, and puts it back into Redis when it is missing there.',
  source: 'OWASP Session Management Cheat Sheet; Redis documentation, session store',
  parameters: z.object({
    strategy: z.enum(['cache-only', 'write-through']).default('write-through').describe('where a session is kept'),
    idleMs: z
      .int()
      .min(100)
      .max(86_400_000)
      .default(20_000)
      .describe('a session ends after so much time without a click'),
  }),
  operations: { 'touch-session': workloadRequest('touch-session', { write: true }) },
  async seed(_parameters, sql) {
    await sql.query('CREATE TABLE IF NOT EXISTS shop.sessions (user_id int PRIMARY KEY, ends_at timestamptz NOT NULL)');
    await sql.query(
      'CREATE TABLE IF NOT EXISTS shop.sign_ins (user_id int NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp())',
    );
    await sql.query('TRUNCATE shop.sessions, shop.sign_ins');
  },
  async audit({ idleMs }, sql) {
    // Who signs in again before the last sign-in could have ended has lost a session.
    const [row] = await sql.query<{ sign_ins: number; users: number; lost: number }>(
      `SELECT count(*)::float8 AS sign_ins, count(DISTINCT user_id)::float8 AS users,
         count(*) FILTER (WHERE at < before + $1 * interval '1 ms')::float8 AS lost
       FROM (SELECT user_id, at, lag(at) OVER (PARTITION BY user_id ORDER BY at) AS before FROM shop.sign_ins) AS s`,
      [idleMs],
    );
    return {
      figures: { 'sessions.signIns': row?.sign_ins ?? 0, 'sessions.lost': row?.lost ?? 0 },
      problems: [],
    };
  },
  create({ redis, postgres, log, parameters: { strategy, idleMs } }) {
    const sessionKey = (user: number): string => `cachequake:session:${user}`;
    const save = (user: number) => postgres.query({ name: 'save-session', text: SAVE, values: [user, idleMs] });

    async function isStored(user: number): Promise<boolean> {
      const { rowCount } = await postgres.query({
        name: 'find-session',
        text: 'SELECT 1 FROM shop.sessions WHERE user_id = $1 AND ends_at > clock_timestamp()',
        values: [user],
      });
      return rowCount === 1;
    }

    /** One statement, so that of several clicks at once one signs in. False where the session was there already. */
    async function signInStored(user: number): Promise<boolean> {
      const { rowCount } = await postgres.query({ name: 'sign-in-stored', text: SIGN_IN, values: [user, idleMs] });
      return rowCount === 1;
    }

    async function signIn(user: number): Promise<void> {
      await postgres.query({
        name: 'sign-in',
        text: 'INSERT INTO shop.sign_ins (user_id) VALUES ($1)',
        values: [user],
      });
    }

    const restore = (user: number) => redis.eval(RESTORE_LUA, 1, sessionKey(user), idleMs, 1) as Promise<number>;

    /** Null while the cache is away. */
    async function touch(user: number): Promise<number | null> {
      return (redis.eval(TOUCH_LUA, 1, sessionKey(user), idleMs) as Promise<number>).catch((error: unknown) => {
        log.warn(`session of ${user}: ${messageOf(error)}`);
        return null;
      });
    }

    return Promise.resolve({
      handlers: {
        async 'touch-session'({ key: user }) {
          const touches = await touch(user);
          if (touches !== null && touches > 0) {
            if (strategy === 'write-through') await save(user);
            return { status: 200, body: { touches }, cache: 'hit' };
          }
          // Without the cache a session that lives nowhere else is nobody's: the user is asked to come back later.
          if (touches === null && strategy === 'cache-only')
            return { status: 503, body: { error: 'sessions are away, try again' }, cache: 'shed', retryAfterSec: 1 };
          let signedIn: boolean;
          if (strategy === 'cache-only') {
            // Whoever puts the session there is the one who signs in.
            signedIn = (await restore(user)) === 1;
            if (signedIn) await signIn(user);
          } else {
            signedIn = !(await isStored(user)) && (await signInStored(user));
            if (!signedIn) await save(user);
            if (touches !== null) await restore(user).catch(() => {});
          }
          return { status: 200, body: { touches: 1, signedIn }, cache: touches === null ? 'bypass' : 'miss' };
        },
      },
      close: () => Promise.resolve(),
    });
  },
});
