/**
 * The engine for everything that has a rate: requests leave when they are due and not when the last answer came, so
 * that a target that stalls cannot hide its stall by slowing the load down (coordinated omission).
 */
import type { LoadEngine } from '../contract/load.ts';
import { prepareGenerators } from './start-generators.ts';

/**
 * Open-loop load on undici. Latency counts from the intended arrival.
 *
 * @example
 * const load = await openLoopEngine.start(plan.load, ['http://127.0.0.1:8080']);
 * const evidence = await load.done;
 */
export const openLoopEngine: LoadEngine = {
  id: 'open-loop',
  prepare: (spec) => prepareGenerators({ ...spec, engine: 'open-loop' }),
  start: (spec, baseUrls) => prepareGenerators({ ...spec, engine: 'open-loop' }).start(baseUrls),
};
