/**
 * The cache is emptied at one moment, as by a deploy script or an operator's mistake. Nothing is unreachable: what is
 * measured is how hard the refill hits the database.
 */
import { z } from 'zod';
import { HarnessError } from '../contract/errors.ts';
import { defineFault, type FaultContext } from '../contract/fault.ts';
import { flushServer } from './engine/flush-server.ts';
import { keysIn } from './engine/keyspace.ts';
import { count } from './engine/wire.ts';

/** Keys before and after, as counted inside the transaction that flushed. */
const flushed = new WeakMap<FaultContext, { before: number; after: number }>();

export default defineFault({
  id: 'redis-flush',
  title: 'Redis flushed',
  prose:
    'FLUSHALL: every key of every database of the Redis server is gone at once, and of the servers that the store asked for beside it. They go on answering.',
  incident:
    'Facebook, 23 September 2010: a wrong value was taken for an invalid cache entry, and clients deleted and reloaded it without end until the database cluster gave in.',
  kind: 'striking',
  needs: ['redis-write'],
  parameters: z.object({}),
  undo: () => [],
  async inject(context) {
    const besides = Promise.all(context.stack.servers.map(flushServer));
    // Awaited below, behind what may fail first.
    besides.catch(() => {});
    const replies = await context.redis.multi().info('keyspace').flushall().info('keyspace').exec();
    const failure = replies?.find(([error]) => error !== null)?.[0];
    if (!replies || failure)
      throw new HarnessError('FAULT_FAILED', `FLUSHALL failed: ${failure?.message ?? 'the transaction was dropped'}`);
    const beside = await besides;
    const before = beside.reduce((sum, keys) => sum + keys, keysIn(String(replies[0]?.[1])));
    flushed.set(context, { before, after: keysIn(String(replies[2]?.[1])) });
  },
  confirm(context) {
    const keys = flushed.get(context);
    if (!keys) return Promise.resolve({ active: false, evidence: 'nothing was flushed' });
    const active = keys.before > 0 && keys.after === 0;
    return Promise.resolve({
      active,
      evidence: active
        ? `${count(keys.before, 'key')} before the flush, none after it`
        : `${count(keys.before, 'key')} before the flush, ${keys.after} after it`,
    });
  },
});
