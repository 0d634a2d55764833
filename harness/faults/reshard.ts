/**
 * A shard is added to or taken from a sharded cache while it serves. Nothing is broken; but every key that has another
 * place now is a miss, and the database gets all of them at once.
 */
import { z } from 'zod';
import { HarnessError } from '../contract/errors.ts';
import { defineFault, type FaultContext } from '../contract/fault.ts';
import { RESHARD_APPLIED_KEY, RESHARD_KEY, type ReshardApplied } from '../contract/reshard.ts';
import { flushServer } from './engine/flush-server.ts';

const APPLIED_MS = 3000;
const LOOK_MS = 20;

/** What the instances said that they have done. */
const done = new WeakMap<FaultContext, { shards: number; answers: ReshardApplied[] }>();

export default defineFault({
  id: 'reshard',
  title: 'Number of shards changed',
  prose:
    'The store redis-shards is told to place its keys on another number of shards. Every instance follows within a tenth ' +
    'of a second and says which share of the keys has moved; those miss until they are loaded again. Shards that come ' +
    'are emptied before, unless told otherwise: one that still has old values brings them back.',
  incident:
    'A cache cluster is grown by one node in the evening peak; with the hash taken modulo the number of nodes nearly all keys miss at that moment.',
  kind: 'striking',
  needs: ['redis-write'],
  parameters: z.object({
    shards: z.coerce.number().int().min(1).max(12).default(4).describe('How many shards hold keys from now on.'),
    emptied: z.boolean().default(true).describe('Shards beyond those that hold keys now are emptied before they come.'),
  }),
  undo: () => [],
  async inject(context, { shards, emptied }) {
    const { redis, clock, instances, stack } = context;
    const all = stack.servers.filter(({ name }) => /^shard-\d+$/.test(name));
    if (all.length < shards)
      throw new HarnessError('FAULT_FAILED', `there are ${all.length} shards, not ${shards}`, {
        hint: 'run with --store redis-shards, and --set redis-shards.spares=… for more of them',
      });
    const before = Number(await redis.get(RESHARD_KEY));
    // Shards that have never held keys are empty: every run begins with empty servers.
    if (emptied && before > 0)
      await Promise.all(
        all.flatMap((server) => {
          const number = Number(server.name.slice('shard-'.length));
          return number > before && number <= shards ? [flushServer(server)] : [];
        }),
      );
    await redis.del(RESHARD_APPLIED_KEY);
    await redis.set(RESHARD_KEY, String(shards));
    const until = clock.nowMs() + APPLIED_MS;
    let answers: ReshardApplied[] = [];
    while (answers.length < instances.length && clock.nowMs() < until) {
      await clock.sleep(LOOK_MS);
      answers = (await redis.hvals(RESHARD_APPLIED_KEY)).map((text) => JSON.parse(text) as ReshardApplied);
    }
    done.set(context, { shards, answers });
  },
  confirm(context) {
    const { shards, answers } = done.get(context) ?? { shards: 0, answers: [] };
    const applied = answers.filter((answer) => answer.shards === shards);
    const moved = applied[0] === undefined ? '' : `; ${(100 * applied[0].movedShare).toFixed(1)} % of the keys moved`;
    return Promise.resolve({
      active: applied.length === context.instances.length && applied.length > 0,
      evidence: `${applied.length} of ${context.instances.length} instances place keys on ${shards} shards${moved}`,
    });
  },
});
