/**
 * What was confirmed to a writer is in the database's history, up to the bound on loss that the service itself states;
 * and no row is behind a version that was stored.
 */
import { defineCheck } from '../../contract/verdict.ts';
import { writesReconciled } from '../measures/staleness.ts';
import { counted } from '../wording.ts';

export default defineCheck({
  id: 'no-lost-write',
  title: 'No lost write',
  prose:
    'Every write that a client was told about is in the history that the database keeps, none that was refused is, and ' +
    'no row is older than its history. A write whose answer never came may be there or not. A service that answers ' +
    'before it has stored states how many writes it may lose with its cache: so many may be missing, and not one more.',
  judge(evidence) {
    const figures = writesReconciled(evidence);
    if (figures === null || !evidence.coherence)
      return { status: 'unknown', message: 'the writes in the database were not read after the run' };
    const { acknowledged, lost, queued, unexpected, overwritten } = figures;
    if (acknowledged === 0)
      return { status: 'unknown', message: 'no write was acknowledged, so there is nothing to compare' };
    const { lossBound, deadLetters } = evidence.coherence;
    const missing = `${lost.length} of ${counted(acknowledged, 'confirmed write')} missing in the database`;
    const wrong = [
      lost.length > lossBound ? (lossBound > 0 ? `${missing}, more than the stated ${lossBound}` : missing) : null,
      unexpected.length > 0 ? `${counted(unexpected.length, 'refused write')} in the database` : null,
      overwritten.length > 0 ? `${counted(overwritten.length, 'row')} older than the history` : null,
    ].filter((text) => text !== null);
    const examples = [
      ...lost.map((id) => `lost ${id}`),
      ...unexpected.map((id) => `unexpected ${id}`),
      ...overwritten.map((key) => `older than its history: key ${key}`),
    ].slice(0, 20);
    if (wrong.length > 0) return { status: 'fail', message: wrong.join('; '), examples };
    if (queued.length > 0) {
      const aside = deadLetters > 0 ? `, ${deadLetters} of them put aside as dead letters` : '';
      return {
        status: 'unknown',
        message: `${queued.length} of ${counted(acknowledged, 'confirmed write')} not stored when the drain ended${aside}`,
        examples: queued.slice(0, 20),
      };
    }
    if (lost.length > 0) return { status: 'pass', message: `${missing}, within the stated ${lossBound}`, examples };
    return { status: 'pass', message: `confirmed writes in the database: all ${acknowledged}` };
  },
});
