/** What the workloads' own audits counted in their tables; for the whole run, warm-up included, since tables know no phase. */
import { defineMeasure, type Measure } from '../../contract/verdict.ts';

function figure(id: string, init: Pick<Measure, 'title' | 'better' | 'unit'>): Measure {
  return defineMeasure({
    id,
    ...init,
    evidence: 'count',
    of: ({ audit }, phase) => (phase.name === 'run' ? (audit?.figures[id] ?? null) : null),
  });
}

export default [
  figure('counters.total', { title: 'Views counted in the database', better: 'neither', unit: 'count' }),
  figure('sessions.signIns', { title: 'Sign-ins', better: 'neither', unit: 'count' }),
  figure('sessions.lost', { title: 'Sessions lost', better: 'lower', unit: 'count' }),
  figure('tokens.renewals', { title: 'Token renewals', better: 'lower', unit: 'count' }),
  figure('tokens.renewalsPerPeriod', { title: 'Token renewals per life of a token', better: 'lower', unit: 'ratio' }),
  figure('feed.posts', { title: 'Posts stored', better: 'neither', unit: 'count' }),
  figure('blog.comments', { title: 'Comments stored', better: 'neither', unit: 'count' }),
];
