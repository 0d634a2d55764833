/**
 * The home feed of a social network: what the people I follow have posted, newest first. Either each post is pushed
 * into the feed of every follower, or each reader gathers the posts of those that are followed.
 */
import { z } from 'zod';
import { defineWorkload, workloadRequest } from '../../harness/contract/workload.ts';

const FOLLOWS = `
INSERT INTO shop.follows
SELECT DISTINCT follower, followed FROM (
  SELECT f AS follower, abs(hashint8(f::bigint * 7919 + n) % $1) AS followed
  FROM generate_series(0, $1::int - 1) AS f, generate_series(1, $2::int) AS n
  UNION ALL SELECT f, 0 FROM generate_series(1, $1::int - 1) AS f WHERE f % 100 < $3
) AS pairs WHERE follower <> followed`;

const GATHER = `
SELECT p.id::float8 AS id, p.author FROM shop.follows f JOIN shop.posts p ON p.author = f.followed
WHERE f.follower = $1 ORDER BY p.id DESC LIMIT $2`;

const OWN = 'SELECT id::float8 AS id, author FROM shop.posts WHERE author = $1 ORDER BY shop.posts.id DESC LIMIT $2';

/** Followers of one post that are pushed to in one pipeline. */
const PUSH_BATCH = 500;

export default defineWorkload({
  id: 'feed',
  title: 'News feed and timeline, pushed or gathered',
  prose:
    '`on-write` pushes each post onto a bounded list of every follower: reading is one command, and one post of somebody ' +
    'with many followers is as many writes. `on-read` keeps one list per author and merges those of all that the reader ' +
    'follows. `database` has no lists and gathers them with a join each time. A user’s own timeline is the author’s list, ' +
    'or with `database` the author’s newest rows.',
  source: 'Silberstein et al.: Feeding Frenzy, SIGMOD 2010',
  parameters: z.object({
    strategy: z.enum(['on-write', 'on-read', 'database']).default('on-write').describe('when a feed is put together'),
    users: z.int().min(2).max(200_000).default(1_000).describe('users of the network'),
    follows: z.int().min(1).max(1_000).default(20).describe('how many others each of them follows'),
    celebrityPercent: z.int().min(0).max(100).default(50).describe('share of all users that follow user 0'),
    length: z.int().min(1).max(1_000).default(20).describe('posts in a feed'),
  }),
  operations: {
    post: workloadRequest('post', { write: true, recordWrites: true }),
    'read-feed': workloadRequest('read-feed'),
    'list-page': workloadRequest('list-page'),
  },
  async seed({ users, follows, celebrityPercent }, sql) {
    await sql.query('DROP TABLE IF EXISTS shop.follows, shop.posts');
    await sql.query('CREATE TABLE shop.follows (follower int NOT NULL, followed int NOT NULL)');
    await sql.query(FOLLOWS, [users, follows, celebrityPercent]);
    await sql.query('CREATE INDEX follows_by_follower ON shop.follows (follower)');
    await sql.query('CREATE INDEX follows_by_followed ON shop.follows (followed)');
    await sql.query(
      'CREATE TABLE shop.posts (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, author int NOT NULL, post_id text NOT NULL)',
    );
    await sql.query('CREATE INDEX posts_by_author ON shop.posts (author, id DESC)');
    await sql.query('ANALYZE shop.follows');
  },
  async audit(_parameters, sql) {
    const [row] = await sql.query<{ posts: number; twice: number }>(
      'SELECT count(*)::float8 AS posts, count(*)::float8 - count(DISTINCT post_id)::float8 AS twice FROM shop.posts',
    );
    const twice = row?.twice ?? 0;
    return {
      figures: { 'feed.posts': row?.posts ?? 0 },
      problems: twice > 0 ? [`${twice} posts were stored twice`] : [],
    };
  },
  create({ redis, postgres, parameters: { strategy, users, length } }) {
    const feedKey = (user: number): string => `cachequake:feed:${user}`;
    const timelineKey = (user: number): string => `cachequake:timeline:${user}`;

    async function numbers(name: string, text: string, user: number): Promise<number[]> {
      const { rows } = await postgres.query<{ user: number }>({ name, text, values: [user] });
      return rows.map((row) => row.user);
    }
    const followersOf = (user: number): Promise<number[]> =>
      numbers('followers', 'SELECT follower AS user FROM shop.follows WHERE followed = $1', user);
    const followedBy = (user: number): Promise<number[]> =>
      numbers('followed', 'SELECT followed AS user FROM shop.follows WHERE follower = $1', user);

    async function store(author: number, id: string): Promise<number> {
      const text = 'INSERT INTO shop.posts (author, post_id) VALUES ($1, $2) RETURNING id::float8 AS id';
      const { rows } = await postgres.query<{ id: number }>({ name: 'store-post', text, values: [author, id] });
      return rows[0]!.id;
    }

    async function push(author: number, post: number): Promise<void> {
      const entry = `${post}:${author}`;
      const lists = [timelineKey(author)];
      if (strategy === 'on-write') lists.push(...(await followersOf(author)).map(feedKey));
      for (let from = 0; from < lists.length; from += PUSH_BATCH) {
        const pipeline = redis.pipeline();
        for (const list of lists.slice(from, from + PUSH_BATCH)) pipeline.lpush(list, entry).ltrim(list, 0, length - 1);
        await pipeline.exec();
      }
    }

    const parse = (entry: string): { id: number; author: number } => {
      const [id, author] = entry.split(':').map(Number);
      return { id: id!, author: author! };
    };

    async function newest(name: string, text: string, user: number): Promise<{ id: number; author: number }[]> {
      const { rows } = await postgres.query<{ id: number; author: number }>({ name, text, values: [user, length] });
      return rows;
    }

    async function feedOf(user: number): Promise<{ id: number; author: number }[]> {
      if (strategy === 'database') return newest('gather', GATHER, user);
      if (strategy === 'on-write') return (await redis.lrange(feedKey(user), 0, length - 1)).map(parse);
      const followed = await followedBy(user);
      const pipeline = redis.pipeline();
      for (const one of followed) pipeline.lrange(timelineKey(one), 0, length - 1);
      const lists = (await pipeline.exec()) ?? [];
      return lists
        .flatMap(([error, entries]) => {
          if (error) throw error;
          return (entries as string[]).map(parse);
        })
        .toSorted((a, b) => b.id - a.id)
        .slice(0, length);
    }

    return Promise.resolve({
      handlers: {
        async post({ key, id }) {
          const author = key % users;
          const post = await store(author, id);
          if (strategy !== 'database') await push(author, post);
          return { status: 201, body: { post } };
        },
        async 'read-feed'({ key }) {
          const posts = await feedOf(key % users);
          return { status: 200, body: { posts }, cache: strategy === 'database' ? 'miss' : 'hit' };
        },
        async 'list-page'({ key }) {
          const author = key % users;
          if (strategy === 'database')
            return { status: 200, body: { posts: await newest('own-posts', OWN, author) }, cache: 'miss' };
          const entries = await redis.lrange(timelineKey(author), 0, length - 1);
          return { status: 200, body: { posts: entries.map(parse) }, cache: 'hit' };
        },
      },
      close: () => Promise.resolve(),
    });
  },
});
