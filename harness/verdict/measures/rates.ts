/** What was asked, what was sent, and how requests ended, as rates per second and shares of all requests. */
import { defineMeasure } from '../../contract/verdict.ts';
import { countRequests, isError, percent, secondsOf, sumSlots } from '../sources.ts';

export default [
  defineMeasure({
    id: 'rate.offered',
    title: 'Offered rate',
    unit: '/s',
    better: 'neither',
    evidence: 'count',
    aliases: ['offered'],
    of: (evidence, phase) => sumSlots(evidence, phase, 'offered') / secondsOf(phase),
  }),
  defineMeasure({
    id: 'rate.achieved',
    title: 'Achieved rate: requests really sent',
    unit: '/s',
    better: 'higher',
    evidence: 'time',
    aliases: ['achieved', 'rate'],
    of: (evidence, phase) => sumSlots(evidence, phase, 'sent') / secondsOf(phase),
  }),
  defineMeasure({
    id: 'errors.rate',
    title: 'Errors, share of requests',
    unit: '%',
    better: 'lower',
    evidence: 'count',
    aliases: ['errors'],
    of: (evidence, phase) => percent(countRequests(evidence, phase, isError), countRequests(evidence, phase)),
  }),
  defineMeasure({
    id: 'shed.rate',
    title: 'Shed requests (503 with Retry-After), share of requests',
    unit: '%',
    better: 'lower',
    evidence: 'count',
    aliases: ['shed'],
    of: (evidence, phase) =>
      percent(
        countRequests(evidence, phase, (outcome) => outcome === 'shed'),
        countRequests(evidence, phase),
      ),
  }),
  defineMeasure({
    id: 'rejected.rate',
    title: 'Definite refusals such as "sold out", share of requests',
    unit: '%',
    better: 'neither',
    evidence: 'count',
    aliases: ['rejected'],
    of: (evidence, phase) =>
      percent(
        countRequests(evidence, phase, (outcome) => outcome === 'rejected'),
        countRequests(evidence, phase),
      ),
  }),
  defineMeasure({
    id: 'absent.rate',
    title: 'Answers that the item is not there, rightly: share of requests',
    unit: '%',
    better: 'neither',
    evidence: 'count',
    aliases: ['absent'],
    of: (evidence, phase) =>
      percent(
        countRequests(evidence, phase, (_, cacheOutcome) => cacheOutcome === 'absent'),
        countRequests(evidence, phase),
      ),
  }),
  defineMeasure({
    id: 'wrong.answers',
    title: 'Answers that name another key than the one asked for',
    unit: 'count',
    better: 'lower',
    evidence: 'count',
    aliases: ['wrong'],
    of: (evidence, phase) => countRequests(evidence, phase, (outcome) => outcome === 'wrong-answer'),
  }),
];
