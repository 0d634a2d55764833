/** Opens a bench in virtual time for the tests of this folder, with the stack written as people write it. */
import { fileURLToPath } from 'node:url';
import type { Answer, Defence } from '../../harness/contract/defence.ts';
import { loadModules } from '../../harness/kit/load-modules.ts';
import { type Bench, createBench } from '../conformance/bench.ts';
import { openVirtualWorld, type Row, type World } from '../conformance/world.ts';
import type { StackMember } from '../reader/stack.ts';

const defences = await loadModules<Defence>(fileURLToPath(new URL('.', import.meta.url)), 'defence');

export const HOT = 'product:1';

/** `lock-wait+jitter` with parameters by id. */
export function stackOf(text: string, parameters: Record<string, Record<string, unknown>> = {}): StackMember[] {
  return text.split('+').map((id) => ({ defence: defences.get(id)!, parameters: parameters[id] ?? {} }));
}

export interface TestBench extends Bench {
  /** Reads the hot key `reads` times at once, spread over the instances; throws the first error. */
  burst(reads: number): Promise<Answer<Row>[]>;
  sleep(ms: number): Promise<void>;
  cachedVersion(): Promise<number | null>;
}

/** Runs `work` in virtual time on a bench with the hot key at version 1, δ = 100 ms, TTL = 10 s. */
export async function withBench<R>(
  stack: readonly StackMember[],
  instances: number,
  work: (bench: TestBench) => Promise<R>,
  change: Partial<World> = {},
): Promise<R> {
  const world = { ...(await openVirtualWorld()), ...change };
  const bench = createBench(world, stack, { instances });
  bench.database.put(HOT, 1);
  return world.finish(
    work({
      ...bench,
      burst: (reads) => Promise.all(Array.from({ length: reads }, (_, i) => bench.readers[i % instances]!.read(HOT))),
      sleep: (ms) => world.clock.sleep(ms),
      cachedVersion: async () => (await world.store.get(HOT))?.version ?? null,
    }),
  );
}

/** How often each outcome was given. */
export function outcomes(answers: readonly Answer<Row>[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { outcome } of answers) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
}
