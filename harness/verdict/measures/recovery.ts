/** Whether and how soon the system came back by itself: the figure that tells a bad minute from a metastable outage. */
import { defineMeasure } from '../../contract/verdict.ts';
import { recoveryOf } from '../recovery.ts';

export default [
  defineMeasure({
    id: 'recovery.time',
    title: "Time from the fault's end until latency, errors and database are back to normal, worst of all faults",
    unit: 's',
    better: 'lower',
    evidence: 'time',
    aliases: ['recovery'],
    /** Infinity where a fault was never recovered from: no limit holds then. Written as null. */
    of(evidence, phase) {
      if (phase.name !== 'run') return null;
      const faults = recoveryOf(evidence);
      if (faults.length === 0) return null;
      if (faults.some((fault) => fault.status === 'never')) return Infinity;
      if (faults.some((fault) => fault.recoverySec === null)) return null;
      return Math.max(...faults.map((fault) => fault.recoverySec ?? 0));
    },
  }),
];
