/** What `cachequake new config` writes: everything that most people set, with what it is for, and nothing else. */
import { PLACEHOLDERS } from '../../contract/own-target.ts';

/** With comments, as TypeScript. */
export function configTemplate(): string {
  const width = Math.max(...Object.keys(PLACEHOLDERS).map((name) => name.length)) + 2;
  const placeholders = Object.entries(PLACEHOLDERS)
    .map(([name, meaning]) => `    //   ${`{${name}}`.padEnd(width)}  ${meaning}`)
    .join('\n');
  return `// Settings of Cachequake. A flag wins over an environment variable (CACHEQUAKE_INSTANCES), that over this file.
// Whatever stands here, \`npx cachequake plan hot-key\` shows it and starts nothing.
export default {
  // Instances of the service, and the seed of arrivals, keys and faults.
  instances: 2,
  seed: 42,

  // Limits: a run that misses one ends with code 99. All measures: npx cachequake list measures
  // threshold: ['latency.p99<250ms', 'errors.rate<1%'],

  // Parameters of the profile. All of them: npx cachequake list profiles --verbose
  // set: { ratePerSec: 300, durationSec: 10 },

  // Your service. Without this section the reference shop is measured, as with --target shop.
  target: {
    id: 'my-service',
    title: 'My service',

    // Exactly one of these three says what is measured:
    command: 'node server.js', // a program of this machine, run without a shell; or a list: ['node', 'server.js']
    // image: { name: 'my-service:latest', port: 8080 }, // a container, with --env docker
    // url: 'http://127.0.0.1:3000', // a service that runs already: nothing is started, no Redis or Postgres of ours

    // Folder of the command, relative to this file.
    cwd: '.',

    // The variable that tells the service its port. Or readyLine: true, where it chooses one and prints
    // {"cachequake":"ready","port":1234} on a line of its own.
    port: { variable: 'PORT' },
    // host: { variable: 'HOST' },

    // An instance is ready when this path answers 2xx, or the status that you name.
    readiness: { path: '/', timeoutSec: 30 },

    // Variables of the service. Redis and Postgres are reached through a proxy of each instance, where faults act.
${placeholders}
    environment: {
      REDIS_URL: '{redisUrl}',
      DATABASE_URL: '{postgresUrl}',
      CACHE_TTL_MS: '{ttlMs}',
    },

    // Variables that are handed through from your shell; PATH and HOME always are.
    // passEnvironment: ['NODE_ENV'],

    // Servers to start for it, to break and to watch.
    needs: ['redis', 'postgres'],

    // Fills the database before each run, so that items 0 to {products} - 1 exist. SQL, or a command.
    // seed: { sql: 'seed.sql' },
    // seed: { command: 'node scripts/seed.js {products}' },

    // What traffic does, and the request that does it. {key} is a number from 0, {user} too, {id} is unique.
    // \`identity\`: what a right answer contains, so that a mixed-up answer is found out.
    operations: {
      'read-item': { path: '/items/{key}' /* , identity: '"id":{key},' */ },
      // 'write-item': { method: 'PUT', path: '/items/{key}', body: '{"title":"{id}"}' },
    },
  },

  // \`npx cachequake gate\`: has a change made the service worse?
  gate: {
    // How the version of a git ref is installed and built, in its own folder.
    // build: 'npm ci',
    budget: '10m',
    // tolerances: { p99: '10%' },
  },
};
`;
}

/** The same settings as JSON, which has no comments: the schema explains them in an editor. */
export function configJson(): string {
  const config = {
    $schema: './node_modules/cachequake/dist/harness/plan/config.schema.json',
    instances: 2,
    seed: 42,
    target: {
      id: 'my-service',
      title: 'My service',
      command: 'node server.js',
      cwd: '.',
      port: { variable: 'PORT' },
      readiness: { path: '/', timeoutSec: 30 },
      environment: { REDIS_URL: '{redisUrl}', DATABASE_URL: '{postgresUrl}', CACHE_TTL_MS: '{ttlMs}' },
      needs: ['redis', 'postgres'],
      operations: { 'read-item': { path: '/items/{key}' } },
    },
    gate: { budget: '10m' },
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}
