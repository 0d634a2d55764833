/**
 * How much of a core Postgres and Redis use. A database at its limit explains a latency that no query count does.
 * The environment reads the figures, since only it knows the processes or containers.
 */
import { defineProbe } from '../contract/probe.ts';

export default defineProbe({
  id: 'server-cpu',
  title: 'CPU of the servers',
  everyMs: 500,
  needs: ['postgres', 'redis'],
  open({ stack }) {
    return Promise.resolve({
      fields: [
        { id: 'db.cpuShare', title: 'Postgres CPU', unit: 'cores', kind: 'counter', totalId: 'db.cpuSec' },
        { id: 'redis.cpuShare', title: 'Redis CPU', unit: 'cores', kind: 'counter', totalId: 'redis.cpuSec' },
      ],
      async sample() {
        const [postgresMs, redisMs] = await Promise.all([stack.cpuMs('postgres'), stack.cpuMs('redis')]);
        // Seconds of CPU per second of time are cores.
        return {
          'db.cpuShare': postgresMs === null ? null : postgresMs / 1_000,
          'redis.cpuShare': redisMs === null ? null : redisMs / 1_000,
        };
      },
      finish: () => Promise.resolve({}),
      close: () => Promise.resolve(),
    });
  },
});
