/**
 * What an HTTP cache in front of the service keeps from it, as the service itself counts. Without an edge every request
 * reaches the service: the same figures then say what the edge of another run has to be held against.
 */
import { defineMeasure, type Evidence, type PhaseBounds } from '../../contract/verdict.ts';
import { countRequests, growthOf } from '../sources.ts';

function perRequest(evidence: Evidence, phase: PhaseBounds, line: string, total: string): number | null {
  const amount = growthOf(evidence, phase, line, total);
  const requests = countRequests(evidence, phase);
  return amount === null || requests === 0 ? null : amount / requests;
}

export default [
  defineMeasure({
    id: 'edge.originRequestsPerRequest',
    title: 'Requests that reach the service, per request',
    unit: 'ratio',
    better: 'lower',
    evidence: 'count',
    aliases: ['originRequestsPerRequest'],
    of: (evidence, phase) => perRequest(evidence, phase, 'service.requestsPerSec', 'service.requests'),
  }),
  defineMeasure({
    id: 'edge.bytesPerRequest',
    title: 'Bytes of answers of the service, per request',
    unit: 'bytes',
    better: 'lower',
    evidence: 'count',
    of: (evidence, phase) => perRequest(evidence, phase, 'service.bodyBytesPerSec', 'service.bodyBytes'),
  }),
  defineMeasure({
    id: 'edge.notModified',
    title: 'Answers 304 of the service',
    unit: 'count',
    better: 'neither',
    evidence: 'count',
    of(evidence, phase) {
      const count = growthOf(evidence, phase, 'service.notModifiedPerSec', 'service.notModified');
      return count === null ? null : Math.round(count);
    },
  }),
];
