/** What `cachequake new fault` writes: a fault that strikes at a moment and proves that it did. */

/** @param id name of the file without its extension */
export function faultTemplate(id: string): string {
  return `// A fault of your own. What it injects must be undone, whatever happens, and it must show that it was really there:
// a run whose fault was never seen is invalid.
//
//   npx cachequake run hot-key --fault ./${id}.ts@3s
import { defineFault } from 'cachequake';
import type { FaultContext } from 'cachequake';
import { z } from 'zod';

/** What was done, for the confirmation. */
const closed = new WeakMap<FaultContext, number>();

export default defineFault({
  // Equals the file's name.
  id: '${id}',
  title: 'Connections to Redis closed',
  prose: 'Redis closes the connections of all clients at once. It works on, and clients may connect again at once.',
  incident: 'A failover, or a proxy before Redis that was restarted: every client reconnects at the same moment.',
  // 'striking' happens at a moment, 'lasting' has a duration (--fault id@3s+2s) and is undone at its end.
  kind: 'striking',
  // What it acts on: 'proxy', 'redis-write' or 'redis-restart'.
  needs: ['redis-write'],
  parameters: z.object({
    rounds: z.coerce.number().int().min(1).max(100).default(1).describe('how often, one right after the other'),
  }),
  // Steps that take it back, as data: they are written down before the injection. Nothing lasts here.
  undo: () => [],
  async inject(context, { rounds }) {
    let count = 0;
    for (let round = 0; round < rounds; round++)
      // This connection itself is spared.
      count += Number(await context.redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'));
    closed.set(context, count);
  },
  confirm(context) {
    const count = closed.get(context) ?? 0;
    return Promise.resolve({ active: count > 0, evidence: \`\${count} connections closed\` });
  },
});
`;
}
