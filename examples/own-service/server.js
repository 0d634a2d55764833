// Articles of a small online magazine: plain node:http, Redis through ioredis, Postgres through pg.
//
// It is an example of a service that Cachequake knows nothing of: own routes, own names of variables, own tables. It
// keeps each article in Redis for a while (cache-aside), and lets one load per article and process run at a time
// (single-flight). Of what Cachequake understands it tells only Cache-Status (RFC 9211).
import { createServer } from 'node:http';
import { Redis } from 'ioredis';
import pg from 'pg';
import { createSlowdowns } from './slowdowns.js';

const {
  LISTEN_HOST = '127.0.0.1',
  LISTEN_PORT = '3000',
  CACHE_ADDR = '127.0.0.1:6379',
  PG_DSN = 'postgres://127.0.0.1/postgres',
  PG_POOL = '10',
  ARTICLE_TTL_MS = '5000',
  // What a heavier query would take, in the database. Stands in for the report, ranking or join of a real page.
  QUERY_COST_MS = '0',
} = process.env;

const ARTICLE = `
  SELECT a.id, a.title, a.body, c.comments, c.stars
  FROM press.articles a,
       LATERAL (SELECT count(*)::int AS comments, round(avg(stars), 2)::float8 AS stars
                FROM press.comments WHERE article_id = a.id) c,
       LATERAL (SELECT pg_sleep($2)) cost
  WHERE a.id = $1`;

const cacheAt = CACHE_ADDR.lastIndexOf(':');
const cache = new Redis({
  host: CACHE_ADDR.slice(0, cacheAt),
  port: Number(CACHE_ADDR.slice(cacheAt + 1)),
  commandTimeout: 250,
  // A cache that is away is a miss at once, and nobody queues for it.
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
});
// Each command says for itself what failed; here it must only not be unhandled.
cache.on('error', () => {});
const database = new pg.Pool({ connectionString: PG_DSN, max: Number(PG_POOL), application_name: 'articles' });
database.on('error', () => {});

const slowdowns = createSlowdowns(process.env);
/** Loads on their way, by article: whoever comes meanwhile waits for the same one. */
const loading = new Map();

async function load(id) {
  const { rows } = await database.query({ name: 'article', text: ARTICLE, values: [id, Number(QUERY_COST_MS) / 1000] });
  if (rows.length === 0) return null;
  const page = JSON.stringify({ article: rows[0] });
  // A cache that is away must not keep an answer from the reader.
  await cache.set(`article:${id}`, page, 'PX', Number(ARTICLE_TTL_MS)).catch(() => {});
  return page;
}

function loadOnce(id) {
  if (slowdowns.withoutSingleFlight) return { page: load(id), waited: false };
  const running = loading.get(id);
  if (running) return { page: running, waited: true };
  const own = load(id).finally(() => loading.delete(id));
  loading.set(id, own);
  return { page: own, waited: false };
}

async function readArticle(id) {
  const cached = await cache.get(`article:${id}`).catch(() => null);
  if (cached !== null) return { page: cached, status: 'articles; hit' };
  const { page, waited } = loadOnce(id);
  return { page: await page, status: waited ? 'articles; fwd=miss; collapsed' : 'articles; fwd=miss; stored' };
}

async function answer(request, response) {
  if (request.method !== 'GET') return end(response, 405, '{"error":"only GET"}');
  if (request.url === '/health/ready') {
    await database.query('SELECT 1');
    return end(response, 200, '{"ready":true}');
  }
  const [, id] = /^\/api\/v2\/articles\/(\d{1,9})$/.exec(request.url ?? '') ?? [];
  if (id === undefined) return end(response, 404, '{"error":"no such page"}');
  await slowdowns.beforeAnswer(() =>
    database.query({ name: 'extra', text: 'SELECT title FROM press.articles WHERE id = $1', values: [id] }),
  );
  const { page, status } = await readArticle(Number(id));
  if (page === null) return end(response, 404, '{"error":"no such article"}');
  response.setHeader('cache-status', status);
  end(response, 200, page);
}

function end(response, status, body) {
  response.writeHead(status, { 'content-type': 'application/json' }).end(body);
}

const server = createServer((request, response) => {
  answer(request, response).catch(() => {
    response.setHeader('retry-after', '1');
    end(response, 503, '{"error":"try again"}');
  });
});

await slowdowns.beforeStart((sql) => database.query(sql));
server.listen(Number(LISTEN_PORT), LISTEN_HOST, () =>
  process.stderr.write(`articles on ${LISTEN_HOST}:${LISTEN_PORT}\n`),
);
process.once('SIGTERM', () => {
  server.close();
  server.closeAllConnections();
  cache.disconnect();
  void database.end();
});
