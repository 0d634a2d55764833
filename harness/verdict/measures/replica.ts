/**
 * What a replica of the database takes off the primary, and how far it is behind. The queries of both servers are what
 * the servers themselves count; loads, as the service reports them, do not say which of them was asked.
 */
import { defineMeasure, type Evidence, type PhaseBounds } from '../../contract/verdict.ts';
import { quantile } from '../../stats/quantile.ts';
import { valuesWithin } from '../../stats/windows.ts';
import { countRequests, growthOf, lineOf, maxOf, percent } from '../sources.ts';

function queries(evidence: Evidence, phase: PhaseBounds): number | null {
  return growthOf(evidence, phase, 'replica.queriesPerSec', 'replica.totalQueries');
}

export default [
  defineMeasure({
    id: 'replica.lagP99',
    title: 'Lag of the read replica, p99',
    unit: 'ms',
    better: 'lower',
    evidence: 'time',
    aliases: ['replicaLagP99'],
    of(evidence, phase) {
      const line = lineOf(evidence, 'replica.lagMs');
      return line && quantile(valuesWithin(line, phase.fromMs, phase.toMs), 0.99);
    },
  }),
  defineMeasure({
    id: 'replica.lagMax',
    title: 'Longest lag of the read replica',
    unit: 'ms',
    better: 'lower',
    evidence: 'time',
    of: (evidence, phase) => maxOf(evidence, phase, 'replica.lagMs'),
  }),
  defineMeasure({
    id: 'replica.queriesPerRequest',
    title: 'Queries on the read replica per request',
    unit: 'ratio',
    better: 'neither',
    evidence: 'count',
    of(evidence, phase) {
      const count = queries(evidence, phase);
      const requests = countRequests(evidence, phase);
      return count === null || requests === 0 ? null : count / requests;
    },
  }),
  defineMeasure({
    id: 'replica.queryShare',
    title: 'Queries that the read replica took off the primary',
    unit: '%',
    better: 'higher',
    evidence: 'count',
    of(evidence, phase) {
      const replica = queries(evidence, phase);
      const primary = growthOf(evidence, phase, 'db.queriesPerSec', 'db.totalQueries');
      return replica === null || primary === null ? null : percent(replica, replica + primary);
    },
  }),
  defineMeasure({
    id: 'replica.peakRate',
    title: 'Peak rate of queries on the read replica, in 50 ms',
    unit: '/s',
    better: 'neither',
    evidence: 'count',
    of: (evidence, phase) => maxOf(evidence, phase, 'replica.queriesPerSec'),
  }),
  defineMeasure({
    id: 'db.primaryPeakRate',
    title: 'Peak rate of queries on the primary database, in 50 ms',
    unit: '/s',
    better: 'lower',
    evidence: 'count',
    of: (evidence, phase) => maxOf(evidence, phase, 'db.queriesPerSec'),
  }),
];
