/**
 * A view counter: millions of tiny writes that must add up. Counted in the database every view is an UPDATE of one hot
 * row, whose lock serialises them; counted in Redis it is one INCR, moved to the database now and then.
 */
import { z } from 'zod';
import { messageOf } from '../../harness/contract/errors.ts';
import { defineWorkload, workloadRequest } from '../../harness/contract/workload.ts';

const ADD = `
INSERT INTO shop.counters (id, count) SELECT * FROM unnest($1::int[], $2::bigint[])
ON CONFLICT (id) DO UPDATE SET count = shop.counters.count + excluded.count`;

/** Where counts wait, and where a batch stands while it is being written, so that a crash can neither lose nor add. */
const COUNTS = 'cachequake:counters';
const MOVING = 'cachequake:counters:moving';

/** Takes the batch that was left by a crash, or else all counts at once; the batch has an id, so it is added once. */
const TAKE_LUA = `
if redis.call('EXISTS', KEYS[2]) == 0 then
  if redis.call('EXISTS', KEYS[1]) == 0 then return {} end
  redis.call('RENAME', KEYS[1], KEYS[2])
  redis.call('HSET', KEYS[2], 'batch', ARGV[1])
end
return redis.call('HGETALL', KEYS[2])`;

export default defineWorkload({
  id: 'counters',
  title: 'View counters',
  prose:
    'Every view of a page counts. `database` updates the row at once: exact, and one hot row is locked by one view at a ' +
    'time. `increment` counts in Redis and moves the sums to Postgres in batches, each batch exactly once: nearly no ' +
    'load on the database, and what Redis loses before it is moved is lost.',
  source: 'Redis documentation, INCR and HINCRBY, pattern: counter',
  parameters: z.object({
    strategy: z.enum(['database', 'increment']).default('increment').describe('where a view is counted first'),
    moveEveryMs: z.int().min(10).max(60_000).default(200).describe('pause between two batches to the database'),
  }),
  operations: { count: workloadRequest('count', { write: true, recordWrites: true }) },
  async seed(_parameters, sql) {
    await sql.query('CREATE TABLE IF NOT EXISTS shop.counters (id int PRIMARY KEY, count bigint NOT NULL)');
    await sql.query('CREATE TABLE IF NOT EXISTS shop.counter_batches (batch text PRIMARY KEY)');
    await sql.query('TRUNCATE shop.counters, shop.counter_batches');
  },
  async audit(_parameters, sql) {
    const [row] = await sql.query<{ total: number }>(
      'SELECT coalesce(sum(count), 0)::float8 AS total FROM shop.counters',
    );
    return { figures: { 'counters.total': row?.total ?? 0 }, problems: [] };
  },
  create({ redis, postgres, clock, log, parameters, instance }) {
    if (parameters.strategy === 'database')
      return Promise.resolve({
        handlers: {
          count: async ({ key }) => {
            await postgres.query({ name: 'count', text: ADD, values: [[key], [1]] });
            return { status: 200, body: {} };
          },
        },
        close: () => Promise.resolve(),
      });

    let batches = 0;
    /** Moves what there is; several instances may do so at once, and each batch is still added once. */
    async function move(): Promise<void> {
      const batch = `${instance}:${clock.nowMs()}:${(batches += 1)}`;
      const flat = (await redis.eval(TAKE_LUA, 2, COUNTS, MOVING, batch)) as string[];
      const fields = new Map<string, string>();
      for (let i = 0; i + 1 < flat.length; i += 2) fields.set(flat[i]!, flat[i + 1]!);
      const taken = fields.get('batch');
      if (taken === undefined) return;
      fields.delete('batch');
      const client = await postgres.connect();
      try {
        await client.query('BEGIN');
        const { rowCount } = await client.query('INSERT INTO shop.counter_batches VALUES ($1) ON CONFLICT DO NOTHING', [
          taken,
        ]);
        if (rowCount === 1) await client.query(ADD, [[...fields.keys()].map(Number), [...fields.values()].map(Number)]);
        await client.query('COMMIT');
      } catch (error) {
        await client.query('ROLLBACK').catch(() => {});
        throw error;
      } finally {
        client.release();
      }
      // Only this batch: another instance may have moved it as well and begun the next.
      await redis.eval(
        "if redis.call('HGET', KEYS[1], 'batch') == ARGV[1] then return redis.call('DEL', KEYS[1]) end",
        1,
        MOVING,
        taken,
      );
    }
    const ended = new AbortController();
    const mover = (async () => {
      for (;;) {
        await clock.sleep(parameters.moveEveryMs, ended.signal);
        await move().catch((error: unknown) => log.warn(`counts were not moved: ${messageOf(error)}`));
      }
    })().catch(() => {});
    return Promise.resolve({
      handlers: {
        count: async ({ key }) => {
          await redis.hincrby(COUNTS, String(key), 1);
          return { status: 200, body: {} };
        },
      },
      // A batch in flight is at least one: nothing is left only when both keys are gone.
      pending: async () => redis.exists(COUNTS, MOVING),
      async close() {
        ended.abort();
        await mover;
        for (let i = 0; i < 2; i++) await move().catch(() => {});
      },
    });
  },
});
