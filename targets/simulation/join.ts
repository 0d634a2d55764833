/**
 * Joins the simulator with what is simulated: the reader as it is, over the memory store, with the very defence files
 * that run on a real Redis. The simulator itself knows none of them.
 */
import type { SimulatedReader, SimulationOptions, Surroundings } from '../../harness/simulate/simulation.ts';
import { createReader } from '../reader/create-reader.ts';
import type { StackMember } from '../reader/stack.ts';
import { createMemoryStore } from '../stores/memory.ts';

/** The parts of a simulation that a stack of defences determines. */
export function readersOf(
  stack: readonly StackMember[],
  options: { ttlMs: number; loadDeadlineMs?: number },
): Pick<SimulationOptions, 'openStore' | 'createReader'> {
  return {
    openStore: (clock) => createMemoryStore(clock),
    createReader: (surroundings: Surroundings): SimulatedReader => createReader({ stack, ...options, ...surroundings }),
  };
}
