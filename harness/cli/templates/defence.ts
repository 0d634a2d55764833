/** What `cachequake new defence` writes: one layer, a parameter, and a claim that can be held against a run. */

/** @param id name of the file without its extension */
export function defenceTemplate(id: string): string {
  return `// A stampede defence of your own. A read goes through six layers, and a defence fills one of them:
// admission, tier, freshness, coordination, guard, lifetime. A stack such as ./${id}.ts+single-flight is a set: the
// layers decide the order.
//
//   npx cachequake run mass-expiry --defence ./${id}.ts
//   npx cachequake compare mass-expiry --defence cache-aside,./${id}.ts
import { defineDefence } from 'cachequake';
import { z } from 'zod';

export default defineDefence({
  // Equals the file's name.
  id: '${id}',
  layer: 'lifetime',
  title: 'TTL shortened by chance',
  prose:
    'Each new value lives for the TTL less a random share of it, so that values that were stored together do not end ' +
    'together. It does nothing for one hot key, whose readers still miss together.',
  source: 'Own idea.',
  // Set with --set ${id}.share=0.5; described here, checked before a run, shown in the report.
  parameters: z.object({
    share: z.number().min(0).max(0.9).default(0.2).describe('largest share of the TTL that is taken off'),
  }),
  // What the store must be able to do; a store that cannot is refused in the plan.
  needs: ['get', 'set', 'delete'],
  // Time and chance come from the context only: so the same file runs on Redis, in tests and in virtual time.
  create: ({ random, parameters: { share } }) => ({
    ttlMs: (_key, baseMs) => baseMs * (1 - share * random.next()),
  }),
});
`;
}
