/**
 * A measure over many results: grouped by experiment and machine, in the order of time, with the points at which its
 * level changed. Slow creep passes every gate that looks at one change; it does not pass here.
 */
import type { MeasureMeta } from '../../harness/contract/verdict.ts';
import { seededRandom } from '../../harness/kit/random.ts';
import { changePoints } from '../../harness/stats/change-points.ts';
import { median } from '../../harness/stats/quantile.ts';
import type { HistoryEntry, HistoryPhase } from './entries.ts';

/** Fewer values than this can not tell a change from chance at the level of 1 %: C(10, 5) orders are just enough. */
export const FEWEST_VALUES = 10;

export interface HistoryPoint {
  runId: string;
  file: string;
  startedAt: string;
  commit: string | null;
  /** In the measure's unit. */
  value: number;
}
export interface HistoryChange {
  /** Place in the group's points of the first one at the new level. */
  index: number;
  pValue: number;
  /** Medians of the stretches before and after. */
  before: number;
  after: number;
  /** Null for measures of which neither direction is better. */
  worse: boolean | null;
}
export interface HistoryGroup {
  id: string;
  title: string;
  /** What tells it from others of the same title; empty where nothing does. */
  differs: string[];
  environment: string;
  machine: HistoryEntry['machine'];
  points: HistoryPoint[];
  changes: HistoryChange[];
}
export interface History {
  measure: MeasureMeta;
  phase: HistoryPhase;
  level: number;
  permutations: number;
  /** Those with changes to the worse first, then those with the most points. */
  groups: HistoryGroup[];
  /** Entries that have no place in it, by reason. */
  leftOut: { unusable: number; withoutMeasure: number; earlier: number; repeated: number };
}

/**
 * Makes the history of a measure.
 *
 * @param options.since epoch ms; results that began earlier are left out; null for none
 * @param options.permutations of each test for a change
 */
export function historyOf(
  entries: readonly HistoryEntry[],
  options: { measure: MeasureMeta; phase: HistoryPhase; since: number | null; permutations: number },
): History {
  const { measure, phase, since, permutations } = options;
  const level = 0.01;
  const leftOut = { unusable: 0, withoutMeasure: 0, earlier: 0, repeated: 0 };
  const seen = new Set<string>();
  const known = entries.flatMap((entry): (HistoryEntry & { value: number })[] => {
    const own = `${entry.key} ${entry.runId} ${entry.startedAt}`;
    const value = entry.measures[phase]?.[measure.id] ?? null;
    if (seen.has(own)) leftOut.repeated++;
    else if (since !== null && !(Date.parse(entry.startedAt) >= since)) leftOut.earlier++;
    else if (!entry.usable) leftOut.unusable++;
    else if (value === null || !Number.isFinite(value)) leftOut.withoutMeasure++;
    else {
      seen.add(own);
      return [{ ...entry, value }];
    }
    seen.add(own);
    return [];
  });
  const groups = [...Map.groupBy(known, (entry) => entry.key).values()].map((own) =>
    groupOf(own, known, { measure, permutations, level }),
  );
  const worst = (group: HistoryGroup): number =>
    group.changes.some((change) => change.worse) ? 2 : group.changes.length > 0 ? 1 : 0;
  groups.sort((a, b) => worst(b) - worst(a) || b.points.length - a.points.length || (a.title < b.title ? -1 : 1));
  return { measure, phase, level, permutations, groups, leftOut };
}

function groupOf(
  own: readonly (HistoryEntry & { value: number })[],
  all: readonly HistoryEntry[],
  options: { measure: MeasureMeta; permutations: number; level: number },
): HistoryGroup {
  const { measure, permutations, level } = options;
  const first = own[0]!;
  const points = own
    .toSorted((a, b) => (a.startedAt < b.startedAt ? -1 : a.startedAt > b.startedAt ? 1 : 0))
    .map(({ runId, file, startedAt, commit, value }): HistoryPoint => ({ runId, file, startedAt, commit, value }));
  const values = points.map((point) => point.value);
  // Times and rates spread in proportion to their size, so a change of a tenth should weigh the same everywhere.
  const even = values.every((value) => value > 0) ? values.map(Math.log) : values;
  const found = changePoints(even, { random: seededRandom(1, `history ${first.key}`), permutations, level });
  const borders = [0, ...found.map((change) => change.index), values.length];
  const changes = found.map(({ index, pValue }, i): HistoryChange => {
    const before = median(values.slice(borders[i], index))!;
    const after = median(values.slice(index, borders[i + 2]))!;
    const neutral = measure.better === 'neither' || after === before;
    const worse = neutral ? null : after > before === (measure.better === 'lower');
    return { index, pValue, before, after, worse };
  });
  return {
    id: first.key,
    title: first.title,
    differs: differencesOf(first, all),
    environment: first.environment,
    machine: first.machine,
    points,
    changes,
  };
}

/** What a person sets comes first; what follows from it, such as the segments of the load, only where nothing else does. */
const FIRST = ['profile.parameters.', 'faults.', 'stack.', 'store.', 'write.', 'stock.', 'instances', 'service.'];
const FOLLOWS = /^(load|dataset)\.|^(ttlMs|hotKey)/;

/** Settings, environment and machine that are others in another group of the same title. */
function differencesOf(entry: HistoryEntry, all: readonly HistoryEntry[]): string[] {
  const others = [
    ...new Map(
      all.filter((other) => other.title === entry.title && other.key !== entry.key).map((other) => [other.key, other]),
    ).values(),
  ];
  const rank = (path: string): number => {
    const at = FIRST.findIndex((start) => path.startsWith(start));
    return at < 0 ? FIRST.length : at;
  };
  const paths = [...new Set([...others, entry].flatMap((other) => Object.keys(other.settings)))]
    .filter((path) => path !== 'environment' && others.some((other) => other.settings[path] !== entry.settings[path]))
    .sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
  const chosen = paths.filter((path) => !FOLLOWS.test(path));
  const texts = (chosen.length > 0 ? chosen : paths).map(
    (path) =>
      `${path.replace(/^profile\.parameters\./, '')} ${entry.settings[path]?.replace(/^"(.*)"$/, '$1') ?? 'not set'}`,
  );
  if (others.some((other) => other.environment !== entry.environment)) texts.push(entry.environment);
  if (others.some((other) => other.machine.fingerprint !== entry.machine.fingerprint))
    texts.push(`machine ${entry.machine.fingerprint}`);
  return texts;
}
