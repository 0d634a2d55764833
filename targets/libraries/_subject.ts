/**
 * What goes through the suite: an installed library, or a stack of our own defences on the reader, both behind the
 * same calls, so that one table holds them.
 */
import { join } from 'node:path';
import { existsSync } from 'node:fs';
import type { Defence } from '../../harness/contract/defence.ts';
import {
  type Library,
  type LibraryCache,
  type LibraryContext,
  type LibraryValue,
} from '../../harness/contract/library.ts';
import { realClock } from '../../harness/kit/clock.ts';
import { loadModule } from '../../harness/kit/load-modules.ts';
import { entryPoint, packageVersion } from '../../harness/kit/package-root.ts';
import { seededRandom } from '../../harness/kit/random.ts';
import { createReader } from '../reader/create-reader.ts';
import { createRedisStore } from '../stores/redis.ts';
import { connectIoredis } from './_clients.ts';
import { versionsOf } from './_packages.ts';

/** Named by an id: that of a library, or defences joined with `+`. */
export interface Subject {
  id: string;
  kind: 'library' | 'defence';
  versions: Record<string, string>;
  open(context: LibraryContext): Promise<LibraryCache>;
}

/** The file of a library's adapter, where there is one. */
function libraryFile(id: string): string | null {
  const file = entryPoint(join('targets', 'libraries', id));
  return !id.startsWith('_') && existsSync(file) ? file : null;
}

/** Opens a stack of our own as a service would: a store on Redis, one reader. */
function ownStack(id: string, defences: readonly Defence[]): Subject {
  return {
    id,
    kind: 'defence',
    versions: { cachequake: packageVersion() },
    async open(context) {
      const redis = await connectIoredis(context);
      const reader = createReader<LibraryValue>({
        stack: defences.map((defence) => ({ defence, parameters: {} })),
        store: createRedisStore(redis, { prefix: `${context.namespace}:` }),
        clock: realClock,
        random: seededRandom(process.pid, id),
        log: { info: () => {}, warn: () => {} },
        instance: `process-${process.pid}-${Math.random()}`,
        ttlMs: context.ttlMs,
        loadDeadlineMs: context.loadTimeoutMs,
        onLoad: () => {},
        async loader(key) {
          const value = await context.loader(key);
          return { value, version: value.version };
        },
      });
      await reader.start();
      return {
        read: async (key) => (await reader.read(key)).value ?? undefined,
        delete: (key) => reader.invalidate(key),
        async close() {
          await reader.close();
          redis.disconnect();
        },
      };
    },
  };
}

/**
 * Finds a subject by its id.
 *
 * @throws HarnessError `BAD_MODULE` where there is neither such a library nor such a defence
 */
export async function findSubject(id: string): Promise<Subject> {
  const file = libraryFile(id);
  if (file !== null) {
    const library = await loadModule<Library>(file, 'library');
    return { id, kind: 'library', versions: versionsOf(library), open: (context) => library.create(context) };
  }
  const defences = await Promise.all(
    id.split('+').map((name) => loadModule<Defence>(entryPoint(join('targets', 'defences', name)), 'defence')),
  );
  return ownStack(id, defences);
}
