/**
 * Joins the simulator with what is simulated: the reader as it is, over the memory store, with the very defence files
 * that run on a real Redis. The simulator itself knows none of them.
 */
import type { SimulatedRow } from '../../harness/simulate/database.ts';
import type { SimulationOptions } from '../../harness/simulate/simulation.ts';
import type { SimulatedReader, Surroundings } from '../../harness/simulate/surroundings.ts';
import { createReader } from '../reader/create-reader.ts';
import type { StackMember } from '../reader/stack.ts';
import { createMemoryStore } from '../stores/memory.ts';

export interface JoinOptions {
  /** Base TTL of the values. */
  ttlMs: number;
  /** As in the reader. */
  loadDeadlineMs?: number;
  /** Keys that the first instance puts into the cache before traffic, all with one birth time. */
  preload?: { keys: readonly string[]; recomputeMs: number };
}

/** The parts of a simulation that a stack of defences determines. */
export function readersOf(
  stack: readonly StackMember[],
  { preload, ...options }: JoinOptions,
): Pick<SimulationOptions, 'openStore' | 'createReader'> {
  let preloaded = false;
  return {
    openStore: (clock) => createMemoryStore(clock),
    createReader(surroundings: Surroundings): SimulatedReader {
      const reader = createReader<SimulatedRow>({ stack, ...options, ...surroundings });
      if (preload && !preloaded) {
        preloaded = true;
        const birth = { storedAtMs: surroundings.clock.nowMs(), recomputeMs: preload.recomputeMs };
        for (const key of preload.keys) void reader.put(key, { value: { key, version: 1 }, version: 1 }, birth);
      }
      return reader;
    },
  };
}
