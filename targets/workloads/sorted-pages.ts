/**
 * The pages of a sorted list: cheapest first, best rated first. Every page is a sort over the whole table when it is
 * asked of the database, and the table changes all the time; a job keeps the sorted list in the cache instead.
 */
import { z } from 'zod';
import { messageOf } from '../../harness/contract/errors.ts';
import { defineWorkload, workloadRequest } from '../../harness/contract/workload.ts';

const PAGE = 'SELECT id, price FROM shop.sorted_items ORDER BY price, id OFFSET $1 LIMIT $2';
const LIST = 'cachequake:sorted-pages';

/** Puts the new list in place of the old one at once. ARGV changed, items from the last to the first. */
const SWAP_LUA = `
redis.call('DEL', KEYS[1])
for i = 2, #ARGV, 1000 do redis.call('RPUSH', KEYS[1], unpack(ARGV, i, math.min(i + 999, #ARGV))) end
return redis.call('SET', KEYS[2], ARGV[1])`;

export default defineWorkload({
  id: 'sorted-pages',
  title: 'Pages of a sorted list',
  prose:
    '`query` sorts in the database for every page. `job` keeps the sorted ids as a list in Redis: a job looks every so ' +
    'often at the time of the last change and rebuilds the list when it is newer than the list, so readers never wait ' +
    'and see changes one period late at most.',
  source: 'Redis documentation, lists; the changed-timestamp job is common practice',
  parameters: z.object({
    strategy: z.enum(['query', 'job']).default('job').describe('who sorts'),
    items: z.int().min(10).max(200_000).default(5_000).describe('items in the list'),
    pageSize: z.int().min(1).max(500).default(20).describe('items on a page'),
    everyMs: z.int().min(20).max(60_000).default(250).describe('how often the job looks for changes'),
  }),
  operations: {
    'list-page': workloadRequest('list-page'),
    'write-item': workloadRequest('write-item', { write: true }),
  },
  async seed({ items }, sql) {
    await sql.query('DROP TABLE IF EXISTS shop.sorted_items, shop.sorted_changes');
    await sql.query('CREATE TABLE shop.sorted_items (id int PRIMARY KEY, price int NOT NULL)');
    await sql.query(
      'INSERT INTO shop.sorted_items SELECT i, abs(hashint4(i) % 100000) FROM generate_series(0, $1::int - 1) AS i',
      [items],
    );
    await sql.query('CREATE TABLE shop.sorted_changes (one bool PRIMARY KEY DEFAULT true, changed bigint NOT NULL)');
    await sql.query('INSERT INTO shop.sorted_changes (changed) VALUES (1)');
    await sql.query('ANALYZE shop.sorted_items');
  },
  create({ redis, postgres, clock, log, parameters, index }) {
    const { strategy, items, pageSize, everyMs } = parameters;
    const pages = Math.ceil(items / pageSize);
    let built = 0;

    async function rebuildIfChanged(): Promise<void> {
      const { rows } = await postgres.query<{ changed: number }>(
        'SELECT changed::float8 AS changed FROM shop.sorted_changes',
      );
      // Read before the items: a change in between is then seen as newer the next time.
      const changed = rows[0]?.changed ?? 0;
      if (changed === built && (await redis.exists(LIST)) === 1) return;
      const sorted = await postgres.query<{ id: number; price: number }>(
        'SELECT id, price FROM shop.sorted_items ORDER BY price, id',
      );
      const entries = sorted.rows.map(({ id, price }) => `${id}:${price}`);
      await redis.eval(SWAP_LUA, 2, LIST, `${LIST}:changed`, String(changed), ...entries);
      built = changed;
    }

    const ended = new AbortController();
    const job = (async () => {
      if (strategy !== 'job' || index !== 0) return;
      for (;;) {
        await rebuildIfChanged().catch((error: unknown) => log.warn(`the list was not rebuilt: ${messageOf(error)}`));
        await clock.sleep(everyMs, ended.signal);
      }
    })().catch(() => {});

    async function fromDatabase(page: number): Promise<{ id: number; price: number }[]> {
      const values = [page * pageSize, pageSize];
      return (await postgres.query<{ id: number; price: number }>({ name: 'sorted-page', text: PAGE, values })).rows;
    }

    return Promise.resolve({
      handlers: {
        async 'list-page'({ key }) {
          const page = key % pages;
          if (strategy === 'query') return { status: 200, body: { items: await fromDatabase(page) }, cache: 'miss' };
          const entries = await redis.lrange(LIST, page * pageSize, (page + 1) * pageSize - 1).catch(() => []);
          if (entries.length === 0) return { status: 200, body: { items: await fromDatabase(page) }, cache: 'bypass' };
          const shown = entries.map((entry) => {
            const [id, price] = entry.split(':').map(Number);
            return { id, price };
          });
          return { status: 200, body: { items: shown }, cache: 'hit' };
        },
        async 'write-item'({ key }) {
          await postgres.query({
            name: 'change-price',
            text: `WITH change AS (UPDATE shop.sorted_items SET price = (price + 7919) % 100000 WHERE id = $1)
                   UPDATE shop.sorted_changes SET changed = changed + 1`,
            values: [key % items],
          });
          return { status: 200, body: {} };
        },
      },
      async close() {
        ended.abort();
        await job;
      },
    });
  },
});
