/** What `cachequake new target` writes: a service as code, for what a description in the config cannot say. */

/** @param id name of the file without its extension */
export function targetTemplate(id: string): string {
  return `// A service of your own as code. The section \`target\` of cachequake.config.ts says the same in fewer words
// (npx cachequake new config); write a file like this where a variable has to be computed.
//
//   npx cachequake run hot-key --target ./${id}.ts
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineTarget } from 'cachequake';

export default defineTarget({
  // Equals the file's name.
  id: '${id}',
  title: '${id}',
  // Cache and stampede defence are the service's own business.
  own: true,
  needs: ['redis', 'postgres'],
  command: {
    argv: () => ['node', 'server.js'],
    cwd: dirname(fileURLToPath(import.meta.url)),
    // The service is told a port; 'says-where' for one that prints {"cachequake":"ready","port":…} instead.
    listens: 'where-told',
    toldBy: 'PORT',
  },
  // Addresses lead through the proxies of the instance, where faults are injected.
  environment: (plan, { redisUrl, postgresUrl, listenHost, listenPort }) => ({
    HOST: listenHost,
    PORT: String(listenPort),
    REDIS_URL: redisUrl,
    DATABASE_URL: postgresUrl,
    CACHE_TTL_MS: String(plan.ttlMs),
  }),
  readyPath: '/',
  ready: { status: null, timeoutMs: 30_000 },
  operations: {
    // {key} is a number from 0 to one less than the profile's keys.
    'read-item': { method: 'GET', path: '/items/{key}' },
  },
  // On a direct connection, before each run; the state must be the same each time.
  async seed(plan, sql) {
    await sql.query('CREATE TABLE IF NOT EXISTS items (id int PRIMARY KEY, title text NOT NULL)');
    await sql.query(
      "INSERT INTO items SELECT n, 'item ' || n FROM generate_series(0, $1::int - 1) AS n ON CONFLICT DO NOTHING",
      [plan.dataset.products],
    );
  },
  async reset() {},
});
`;
}
