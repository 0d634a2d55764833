/**
 * Loads the new value as soon as it is written, for keys that a crowd is expected to read: nobody has to miss first.
 * The opposite of invalidation, which waits for a reader and then gets all of them at once.
 */
import { z } from 'zod';
import { defineDefence } from '../../harness/contract/defence.ts';
import { createRefreshQueue } from './_refresh-queue.ts';

/** `product:7,sale:*` as a test; `*` at the end of a name stands for anything. */
function matcher(text: string): (key: string) => boolean {
  const names = new Set<string>();
  const prefixes: string[] = [];
  for (const part of text.split(',').map((one) => one.trim()))
    if (part.endsWith('*')) prefixes.push(part.slice(0, -1));
    else if (part !== '') names.add(part);
  return (key) => names.has(key) || prefixes.some((prefix) => key.startsWith(prefix));
}

export default defineDefence({
  id: 'proactive-push',
  layer: null,
  title: 'Proactive push on write',
  prose:
    'When a key is written whose surge is expected, the new value is loaded and put into the cache behind the write, ' +
    'and keys that are named are also loaded before traffic. For launches, price changes and scores that everybody ' +
    'looks at. Between the invalidation and the push a few readers still miss, which single-flight or a lock holds ' +
    'together. Each push of a key that nobody reads is a load for nothing: with a broad pattern every write becomes a ' +
    'load. It does nothing for an expiry by TTL, and two instances that push one key at once may finish in the wrong order.',
  source: 'Push on write, as in Facebook TAO and Twitter timelines: fan-out on write for what is read much more.',
  parameters: z.object({
    keys: z.string().default('*').describe('Keys whose surge is expected, with commas; * at the end for a prefix'),
    maxConcurrent: z.number().int().min(1).default(4).describe('Pushes of one instance at the same time'),
  }),
  needs: ['get', 'set', 'delete'],
  attend({ log, parameters, refresh }) {
    const expected = matcher(parameters.keys);
    const queue = createRefreshQueue({ who: 'proactive-push', maxConcurrent: parameters.maxConcurrent, refresh, log });
    const named = parameters.keys
      .split(',')
      .map((one) => one.trim())
      .filter((one) => one !== '' && !one.endsWith('*'));
    return {
      async beforeTraffic() {
        await Promise.all(named.map((key) => queue.push(key)));
      },
      written(key) {
        if (expected(key)) void queue.push(key);
      },
      close: () => queue.close(),
    };
  },
});
