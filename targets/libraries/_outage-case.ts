/** The outage of the cache: Redis refuses connections, or holds them open and says nothing, while readers go on. */
import { setTimeout as delay } from 'node:timers/promises';
import { type BreakableRedis, type LibraryCase, OUTAGE_COMMAND_TIMEOUT_MS, sayAll } from './_case.ts';
import { createCrowd, readWithin } from './_crowd.ts';

const OUTAGE_MS = 1500;
const EVERY_MS = 25;
/** After the outage, for how long it is watched whether the cache is used again. */
const WATCH_MS = 4000;

const HOW: Readonly<
  Record<
    'stopped' | 'silent',
    {
      title: string;
      words: string;
      begin(redis: BreakableRedis): Promise<void>;
      end(redis: BreakableRedis): Promise<void>;
    }
  >
> = {
  stopped: {
    title: 'Cache outage: Redis is stopped',
    words: 'Redis is killed, connections are refused; afterwards an empty Redis listens on the same port',
    begin: (redis) => redis.stop(),
    end: (redis) => redis.restart(),
  },
  silent: {
    title: 'Cache outage: Redis is silent',
    words: 'Redis is frozen (SIGSTOP), connections stay open; afterwards it goes on',
    begin: (redis) => redis.freeze(),
    end: (redis) => redis.thaw(),
  },
};

export function outageCase(kind: keyof typeof HOW): LibraryCase {
  const { title, words, begin, end } = HOW[kind];
  return {
    id: `outage-${kind}`,
    title,
    about: 'times',
    commandTimeoutMs: OUTAGE_COMMAND_TIMEOUT_MS,
    prose:
      `For ${OUTAGE_MS / 1000} s ${words}. Meanwhile, every ${EVERY_MS} ms, one process reads a key that was cached ` +
      'before and a key that nobody has read; the loader takes 20 ms, a Redis command may take ' +
      `${OUTAGE_COMMAND_TIMEOUT_MS} ms where the client has a limit. Looked at 1 s after the end. Then new keys are ` +
      'read through one instance until a second instance finds one without a load: the cache is used again.',
    columns: [
      { fact: 'callers', title: 'callers' },
      { fact: 'answered', title: 'answered' },
      { fact: 'failed', title: 'failed' },
      { fact: 'empty', title: 'answered empty' },
      { fact: 'waiting', title: 'still waiting' },
      { fact: 'slowestMs', title: 'slowest', unit: 'ms' },
      { fact: 'loads', title: 'loads' },
      { fact: 'usedAgainMs', title: 'used again after', unit: 'ms' },
    ],
    finding: (facts) =>
      sayAll(
        Number(facts['failed']) > 0 && `${facts['failed']} of ${facts['callers']} callers failed`,
        Number(facts['empty']) > 0 && `${facts['empty']} of ${facts['callers']} answered without a value`,
        Number(facts['waiting']) > 0 && `${facts['waiting']} of ${facts['callers']} still waiting 1 s after the end`,
        Number(facts['slowestMs']) > 1000 && `the slowest caller waited ${facts['slowestMs']} ms`,
        facts['usedAgainMs'] === null && `the cache was not used again within ${WATCH_MS / 1000} s`,
      ),
    async run({ database, redis, open }) {
      database.recomputeMs = 20;
      const [cache, second] = [await open(), await open()];
      await cache.read('warm');
      const loadsBefore = database.loads;
      await begin(redis);
      const crowd = createCrowd(cache);
      const fromMs = performance.now();
      for (let i = 0; performance.now() - fromMs < OUTAGE_MS; i++) {
        crowd.join('warm');
        crowd.join(`cold:${i}`);
        await delay(EVERY_MS);
      }
      await end(redis);
      const endedAtMs = performance.now();
      await crowd.settledWithin(1000);
      const { callers, answered, failed, empty, waiting, slowestMs } = crowd.result();
      const loads = database.loads - loadsBefore;
      let usedAgainMs: number | null = null;
      for (let i = 0; usedAgainMs === null && performance.now() - endedAtMs < WATCH_MS; i++) {
        const filled = await readWithin(cache, `after:${i}`, 500);
        const before = database.loads;
        const found = await readWithin(second, `after:${i}`, 500);
        if (filled.version !== null && found.version !== null && database.loads === before)
          usedAgainMs = Math.round(performance.now() - endedAtMs);
        else await delay(50);
      }
      return { callers, answered, failed, empty, waiting, slowestMs, loads, usedAgainMs };
    },
  };
}
