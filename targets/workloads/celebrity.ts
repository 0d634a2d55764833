/**
 * A post of somebody whom everybody follows: within a second the whole world wants the one value that nobody has cached
 * yet. The time of the surge is known to the writer, who may fill the cache before telling anybody.
 */
import { z } from 'zod';
import { messageOf } from '../../harness/contract/errors.ts';
import { defineWorkload, workloadRequest } from '../../harness/contract/workload.ts';

const LOAD = `
SELECT p.id, p.posts, w.work FROM shop.celebrities p CROSS JOIN LATERAL (SELECT pg_sleep($2)::text AS work) AS w
WHERE p.id = $1`;

export default defineWorkload({
  id: 'celebrity',
  title: 'The post that everybody wants at once',
  prose:
    '`lazy` deletes the cached page when a post is made, and the first readers load it, all of them that come within the ' +
    'time of one load. `pushed` makes the new page at the time of the post and puts it into the cache in place of the ' +
    'old one: nobody misses, and a page that nobody would have read is made all the same.',
  source: 'Design notes, "warm-up and proactive push"',
  parameters: z.object({
    strategy: z.enum(['lazy', 'pushed']).default('pushed').describe('when the new page is made'),
    loadMs: z.number().min(0).max(10_000).default(80).describe('how long the database takes to make the page'),
    celebrities: z.int().min(1).max(10_000).default(10).describe('people with a page'),
  }),
  operations: {
    post: workloadRequest('post', { write: true }),
    'read-item': workloadRequest('read-item'),
  },
  async seed({ celebrities }, sql) {
    await sql.query('DROP TABLE IF EXISTS shop.celebrities');
    await sql.query('CREATE TABLE shop.celebrities (id int PRIMARY KEY, posts int NOT NULL)');
    await sql.query('INSERT INTO shop.celebrities SELECT i, 1 FROM generate_series(0, $1::int - 1) AS i', [
      celebrities,
    ]);
  },
  create({ postgres, reader, log, parameters: { strategy, loadMs, celebrities } }) {
    const pages = reader(async (key) => {
      const values = [Number(key.slice('celebrity:'.length)), loadMs / 1000];
      const { rows } = await postgres.query<{ posts: number }>({ name: 'celebrity', text: LOAD, values });
      const [row] = rows;
      return row ? { value: { posts: row.posts }, version: row.posts } : null;
    });
    return Promise.resolve({
      handlers: {
        async post({ key }) {
          const who = key % celebrities;
          const { rows } = await postgres.query<{ posts: number }>({
            name: 'celebrity-post',
            text: 'UPDATE shop.celebrities SET posts = posts + 1 WHERE id = $1 RETURNING posts',
            values: [who],
          });
          const name = `celebrity:${who}`;
          // The post is made, whatever becomes of the cache.
          await (strategy === 'pushed' ? pages.refresh(name) : pages.invalidate(name)).catch((error: unknown) =>
            log.warn(`cache of ${name} could not be told: ${messageOf(error)}`),
          );
          return { status: 201, body: { posts: rows[0]!.posts }, version: rows[0]!.posts };
        },
        async 'read-item'({ key }) {
          const answer = await pages.read(`celebrity:${key % celebrities}`);
          if (answer.outcome === 'shed') return { status: 503, body: {}, cache: 'shed', retryAfterSec: 1 };
          return { status: 200, body: { page: answer.value }, cache: answer.outcome, version: answer.version };
        },
      },
      close: () => Promise.resolve(),
    });
  },
});
