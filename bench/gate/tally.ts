/**
 * Counts of what many decisions said, with the bounds that so many trials allow, and the time they took. Shares come
 * with exact intervals (Clopper and Pearson 1934), because a share of 0 in 300 is not a rate of 0.
 */
import { clopperPearson } from '../../harness/stats/clopper-pearson.ts';
import { quantile } from '../../harness/stats/quantile.ts';
import type { Decided } from './resample.ts';

export interface Share {
  count: number;
  of: number;
  /** Two-sided 95 % interval; the upper end alone is a one-sided 97.5 % bound. */
  low: number;
  high: number;
}

export interface Tally {
  decisions: number;
  pass: Share;
  regressed: Share;
  undecided: Share;
  /** Share of decisions in which this measure was found regressed, most first. */
  caughtBy: { id: string; share: Share }[];
  /** What kept decisions open: measures and guards, most first. */
  openBy: { id: string; count: number }[];
  /** Minutes to a decision with what comes before the first pair; null without decisions. */
  passMinutes: { median: number; worst: number } | null;
  minutes: { median: number; worst: number } | null;
}

export function share(count: number, of: number): Share {
  return { count, of, ...(of === 0 ? { low: 0, high: 1 } : clopperPearson(count, of, 0.95)) };
}

/** @param openSeconds until the servers stand */
export function tally(decided: readonly Decided[], openSeconds: number): Tally {
  const of = decided.length;
  const having = (status: Decided['status']): Decided[] => decided.filter((one) => one.status === status);
  const minutes = (of: readonly Decided[]): Tally['minutes'] => {
    const all = of.map(({ seconds }) => (openSeconds + seconds) / 60);
    return all.length === 0 ? null : { median: quantile(all, 0.5)!, worst: Math.max(...all) };
  };
  return {
    decisions: of,
    pass: share(having('pass').length, of),
    regressed: share(having('regressed').length, of),
    undecided: share(having('undecided').length, of),
    caughtBy: counted(having('regressed').flatMap(({ regressed }) => regressed)).map(({ id, count }) => ({
      id,
      share: share(count, of),
    })),
    openBy: counted(having('undecided').flatMap(({ open }) => open)),
    passMinutes: minutes(having('pass')),
    minutes: minutes(decided),
  };
}

/** Share of decisions that ended as regressed and named at least one of these measures. */
export function caughtByAny(decided: readonly Decided[], measureIds: readonly string[]): Share {
  return share(
    decided.filter(({ status, regressed }) => status === 'regressed' && regressed.some((id) => measureIds.includes(id)))
      .length,
    decided.length,
  );
}

function counted(ids: readonly string[]): { id: string; count: number }[] {
  return [...Map.groupBy(ids, (id) => id)]
    .map(([id, all]) => ({ id, count: all.length }))
    .toSorted((a, b) => b.count - a.count || a.id.localeCompare(b.id));
}
