/**
 * Redis is stopped without saving and started again: connections break, and the cache comes back empty. The two blows
 * together are what a crash of an unreplicated cache does.
 */
import { z } from 'zod';
import { HarnessError } from '../contract/errors.ts';
import { defineFault, type FaultContext } from '../contract/fault.ts';
import { infoValue, keysIn } from './engine/keyspace.ts';
import { count } from './engine/wire.ts';

interface Life {
  runId: string;
  keys: number;
}
const before = new WeakMap<FaultContext, Life>();

export default defineFault({
  id: 'redis-restart',
  title: 'Redis restarted cold',
  prose:
    'SHUTDOWN NOSAVE, then a fresh start on the same address. Persistence is off, so that nothing is loaded again.',
  incident:
    'Slack, 22 February 2022: cache nodes were replaced by empty ones under load, and the database could not carry the misses.',
  kind: 'striking',
  needs: ['redis-restart'],
  parameters: z.object({}),
  undo: () => [{ do: 'restart-redis' }],
  async inject(context) {
    const { restartRedis } = context.stack;
    if (!restartRedis)
      throw new HarnessError('FAULT_FAILED', 'this Redis is not ours to restart', {
        hint: 'use --env local or docker, or the fault redis-flush',
      });
    before.set(context, await lifeOf(context));
    await restartRedis();
  },
  async confirm(context) {
    const was = before.get(context);
    const now = await lifeOf(context);
    if (!was || was.runId === now.runId)
      return { active: false, evidence: 'Redis was not restarted: its run id is the same' };
    return {
      active: true,
      evidence: `a new Redis process (run id ${now.runId.slice(0, 8)}, before ${was.runId.slice(0, 8)}); ${count(was.keys, 'key')} before, ${now.keys} when first looked at after`,
    };
  },
});

/** How often and after how long a connection that is just coming back is asked again. */
const ATTEMPTS = 20;
const AGAIN_MS = 100;

async function lifeOf(context: FaultContext): Promise<Life> {
  for (let attempt = 1; ; attempt++) {
    try {
      const info = await context.redis.info();
      return { runId: infoValue(info, 'run_id'), keys: keysIn(info) };
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
      await context.clock.sleep(AGAIN_MS);
    }
  }
}
