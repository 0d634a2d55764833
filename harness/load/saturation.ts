/**
 * The engine for "how much can it take": a closed loop, in which every connection sends as soon as its last answer
 * came. Its latencies say how the target does when it is full and nothing about a rate; use the open loop for that.
 */
import type { LoadEngine } from '../contract/load.ts';
import { prepareGenerators } from './start-generators.ts';

/** Closed-loop load on autocannon, one request at a time per connection. Of the segments only durations count. */
export const saturationEngine: LoadEngine = {
  id: 'saturation',
  prepare: (spec) => prepareGenerators({ ...spec, engine: 'saturation' }),
  start: (spec, baseUrls) => prepareGenerators({ ...spec, engine: 'saturation' }).start(baseUrls),
};
