/** The rate at which a ramp broke, by the rule in `breakpoint.ts`; unknown for profiles that do not look for it. */
import { defineMeasure } from '../../contract/verdict.ts';
import { findBreakpoint } from '../breakpoint.ts';

export default [
  defineMeasure({
    id: 'rate.held',
    title: 'Highest rate held under the limit',
    unit: '/s',
    better: 'higher',
    evidence: 'time',
    aliases: ['held'],
    of: (evidence, phase) => (phase.name === 'run' ? (findBreakpoint(evidence)?.heldPerSec ?? null) : null),
  }),
  defineMeasure({
    id: 'rate.brokeAt',
    title: 'Rate at which the limit broke, two windows in a row; unknown where it held to the end',
    unit: '/s',
    better: 'higher',
    evidence: 'time',
    aliases: ['brokeAt'],
    of: (evidence, phase) => (phase.name === 'run' ? (findBreakpoint(evidence)?.brokeAtPerSec ?? null) : null),
  }),
];
