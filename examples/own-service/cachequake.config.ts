// How Cachequake starts this service, fills its database and talks to it. See docs/own-service.md.
export default {
  instances: 2,
  target: {
    id: 'articles',
    title: 'Articles',
    command: ['node', 'server.js'],
    // The variables are the service's own. Redis and Postgres are reached through a proxy of each instance, which is
    // where faults are injected.
    port: { variable: 'LISTEN_PORT' },
    host: { variable: 'LISTEN_HOST' },
    environment: {
      CACHE_ADDR: '{redisHost}:{redisPort}',
      PG_DSN: '{postgresUrl}',
      PG_POOL: '{postgresPool}',
      ARTICLE_TTL_MS: '{ttlMs}',
      QUERY_COST_MS: '{recomputeMs}',
    },
    // Handed through from the shell, where they are set: see slowdowns.js.
    passEnvironment: [
      'SLOW_SERVICE_PERCENT',
      'SLOW_BASE_US',
      'EXTRA_QUERY_SHARE',
      'NO_SINGLE_FLIGHT',
      'NO_INDEX',
      'TAIL_DELAY_SHARE',
      'TAIL_DELAY_MS',
    ],
    readiness: { path: '/health/ready' },
    seed: { sql: 'seed.sql' },
    operations: {
      'read-item': { path: '/api/v2/articles/{key}', identity: '"id":{key},' },
    },
  },
};
