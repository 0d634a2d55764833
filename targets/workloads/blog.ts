/**
 * The application that everybody has written once: posts with the name of their author and the number of their
 * comments, and readers who are signed in. Four kinds of values, each with its own right way to be cached.
 */
import { z } from 'zod';
import { defineWorkload, workloadRequest } from '../../harness/contract/workload.ts';

const COMMENTS = 'cachequake:blog:comments';

/** Adds one where the number is known; where it is not, the next reader counts. */
const ADD_LUA = `
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1 then return redis.call('HINCRBY', KEYS[1], ARGV[1], 1) end
return 0`;

export default defineWorkload({
  id: 'blog',
  title: 'A blog: post, profile, comment count, session',
  prose:
    'A page is a post and its author’s profile, each cached under its own key through the defences of the run, and the ' +
    'number of comments. `counted` keeps that number in Redis and adds one with each comment; `queried` counts the rows ' +
    'for every page. A comment made while the cache is away is in the database, and in the number once it is counted anew.',
  source: 'Design notes, "blog"; Redis documentation, HINCRBY',
  parameters: z.object({
    strategy: z.enum(['counted', 'queried']).default('counted').describe('where the number of comments comes from'),
    posts: z.int().min(1).max(100_000).default(500).describe('posts in the blog'),
    loadMs: z.number().min(0).max(10_000).default(10).describe('how long the database takes for a post or a profile'),
    sessionMs: z.int().min(100).max(86_400_000).default(20_000).describe('a session ends after so much time'),
  }),
  operations: {
    'read-item': workloadRequest('read-item'),
    post: workloadRequest('post', { write: true, recordWrites: true }),
    'touch-session': workloadRequest('touch-session', { write: true }),
  },
  async seed({ posts }, sql) {
    await sql.query('DROP TABLE IF EXISTS shop.blog_posts, shop.blog_comments');
    await sql.query('CREATE TABLE shop.blog_posts (id int PRIMARY KEY, author int NOT NULL, title text NOT NULL)');
    await sql.query(
      `INSERT INTO shop.blog_posts SELECT i, i % 50, 'Post ' || i FROM generate_series(0, $1::int - 1) AS i`,
      [posts],
    );
    await sql.query('CREATE TABLE shop.blog_comments (post int NOT NULL, comment_id text PRIMARY KEY)');
    await sql.query('CREATE INDEX blog_comments_by_post ON shop.blog_comments (post)');
    await sql.query('ANALYZE shop.blog_posts');
  },
  async audit(_parameters, sql) {
    const [row] = await sql.query<{ comments: number }>('SELECT count(*)::float8 AS comments FROM shop.blog_comments');
    return { figures: { 'blog.comments': row?.comments ?? 0 }, problems: [] };
  },
  create({ redis, postgres, reader, parameters: { strategy, posts, loadMs, sessionMs } }) {
    const numberOf = (key: string): number => Number(key.slice(key.lastIndexOf(':') + 1));
    const wait = [loadMs / 1000];
    const post = reader(async (key) => {
      const { rows } = await postgres.query<{ author: number; title: string }>({
        name: 'blog-post',
        text: 'SELECT author, title FROM shop.blog_posts, LATERAL (SELECT pg_sleep($2)) AS work WHERE id = $1',
        values: [numberOf(key), ...wait],
      });
      return rows[0] ? { value: rows[0], version: 1 } : null;
    });
    const profile = reader(async (key) => {
      const { rows } = await postgres.query<{ posts: number }>({
        name: 'blog-profile',
        text: `SELECT (SELECT count(*)::int FROM shop.blog_posts WHERE author = $1) AS posts, pg_sleep($2)::text AS work`,
        values: [numberOf(key), ...wait],
      });
      return { value: { author: numberOf(key), posts: rows[0]?.posts ?? 0 }, version: 1 };
    });

    async function countRows(id: number): Promise<number> {
      const { rows } = await postgres.query<{ comments: number }>({
        name: 'blog-count',
        text: 'SELECT count(*)::int AS comments FROM shop.blog_comments WHERE post = $1',
        values: [id],
      });
      return rows[0]!.comments;
    }

    async function comments(id: number): Promise<number> {
      if (strategy === 'queried') return countRows(id);
      const known = await redis.hget(COMMENTS, String(id)).catch(() => null);
      if (known !== null) return Number(known);
      const counted = await countRows(id);
      await redis.hsetnx(COMMENTS, String(id), String(counted)).catch(() => {});
      return counted;
    }

    return Promise.resolve({
      handlers: {
        async 'read-item'({ key }) {
          const id = key % posts;
          const found = await post.read(`blog-post:${id}`);
          if (found.value === null) return { status: found.outcome === 'shed' ? 503 : 404, body: {}, retryAfterSec: 1 };
          const [author, count] = await Promise.all([profile.read(`blog-profile:${found.value.author}`), comments(id)]);
          return {
            status: 200,
            body: { post: found.value, author: author.value, comments: count },
            cache: found.outcome,
          };
        },
        async post({ key, id }) {
          const { rowCount } = await postgres.query({
            name: 'blog-comment',
            text: 'INSERT INTO shop.blog_comments VALUES ($1, $2) ON CONFLICT DO NOTHING',
            values: [key % posts, id],
          });
          if (strategy === 'counted' && rowCount === 1)
            await redis
              .eval(ADD_LUA, 1, COMMENTS, String(key % posts))
              // The number in the cache is now too small; forgetting it is worth a try.
              .catch(() => redis.hdel(COMMENTS, String(key % posts)).catch(() => {}));
          return { status: 201, body: {} };
        },
        async 'touch-session'({ key }) {
          await redis.set(`cachequake:blog:session:${key}`, '1', 'PX', sessionMs);
          return { status: 200, body: {} };
        },
      },
      close: () => Promise.resolve(),
    });
  },
});
