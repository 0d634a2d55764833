/** The load generator and the service's own event loop: whether the measuring itself was sound. */
import { defineMeasure } from '../../contract/verdict.ts';
import { maxOf, sumSlots } from '../sources.ts';

export default [
  defineMeasure({
    id: 'generator.lagP99',
    title: "p99 of the generator's scheduling lag",
    unit: 'ms',
    better: 'lower',
    evidence: 'time',
    aliases: ['lagP99', 'lag'],
    of: (evidence, phase) => (phase.name === 'run' ? evidence.load.generator.lagP99Us / 1000 : null),
  }),
  defineMeasure({
    id: 'generator.dropped',
    title: 'Arrivals that could not be sent',
    unit: 'count',
    better: 'lower',
    evidence: 'count',
    aliases: ['dropped'],
    of: (evidence, phase) => Math.round(sumSlots(evidence, phase, 'dropped')),
  }),
  defineMeasure({
    id: 'service.eventLoopDelayP99',
    title: "Highest sampled p99 of the service's event loop delay",
    unit: 'ms',
    better: 'lower',
    evidence: 'time',
    aliases: ['eventLoopDelay'],
    of: (evidence, phase) => maxOf(evidence, phase, 'service.eventLoopDelayP99Ms'),
  }),
];
