/** The tables of the validation page, in Markdown, from what was analysed. Nothing here is typed in by hand. */
import type { MeasureDecision } from '../../harness/contract/gate.ts';
import type { SeriesAnalysis } from './analyse.ts';
import { effectText, minutesText, NOT_YET, percent, shareText, spreadText } from './format.ts';
import { markdownTable } from './page.ts';
import { caughtByAny, tally } from './tally.ts';

/** What the plants of each series are shares of. */
export function levelsTable(all: readonly SeriesAnalysis[]): string {
  return markdownTable(
    ['series', 'unloaded p50', 'p95', 'p99', 'queries per request', 'judged, with tolerance'],
    all.map(({ series, rules, measures, same, changes }) => {
      const { unloadedP50Ms, p95Ms, p99Ms, queriesPerRequest } = series.sittings[0]!.levels;
      const known = new Set((same ?? changes[0])?.overall.measures.map(({ id }) => id));
      const tolerances = Object.entries(rules.tolerances)
        .filter(([id]) => known.has(id))
        .map(([id, { scale, tolerance }]) => {
          const unit = measures.find((measure) => measure.id === id)?.unit ?? '';
          return `${id} ${scale === 'ratio' ? percent(tolerance) : unit === '%' ? `${tolerance} points` : tolerance}`;
        });
      return [
        series.name,
        `${unloadedP50Ms} ms`,
        `${p95Ms} ms`,
        `${p99Ms} ms`,
        String(queriesPerRequest),
        tolerances.join(', ') || 'nothing yet',
      ];
    }),
  );
}

/** What was recorded, where, when and with what. */
export function recordedTable(all: readonly SeriesAnalysis[]): string {
  return markdownTable(
    ['series', 'sittings', 'machine and versions', 'trial', 'pairs by planted change', 'seconds per pair (median)'],
    all.map(({ series, secondsPerPair }) => {
      const { settings, sittings, pairs } = series;
      const { machine, versions } = sittings.at(-1)!;
      const counts = Map.groupBy(pairs, ({ change }) => change);
      return [
        series.name,
        sittings.map(({ startedAt }) => startedAt.slice(0, 16).replace('T', ' ')).join('; '),
        `${machine.cores} cores, ${machine.cpuModel}; ${Object.entries(versions)
          .map(([name, version]) => `${name} ${version}`)
          .join(', ')}`,
        `${settings.durationSec} s after ${settings.warmUpSec} s of warm-up, ${settings.ratePerSec}/s${settings.design === 'duet' ? ' over both sides' : ''}, ${settings.profile}`,
        [...counts].map(([change, of]) => `${change} ${of.length}`).join(', '),
        secondsPerPair.toFixed(1),
      ];
    }),
  );
}

/**
 * σ_d per measure and series, and the smallest effect that one gate of the last look could see. The last column says
 * what a minute buys: pairs per minute / σ_d², the precision that a minute of this design adds; higher is better.
 */
export function noiseTable(all: readonly SeriesAnalysis[]): string {
  const rows = all.flatMap(({ series, same, secondsPerPair, rules }) =>
    (same?.overall.measures ?? [])
      .filter(judged(rules))
      .map((measure) => [
        measure.title,
        series.name,
        spreadText(measure.spread, measure.scale, measure.unit),
        effectText(measure),
        measure.spread === null || measure.spread === 0 || secondsPerPair === 0
          ? 'no noise'
          : (60 / secondsPerPair / (100 * measure.spread) ** 2).toFixed(2),
        String(measure.n),
      ]),
  );
  return rows.length === 0
    ? NOT_YET
    : markdownTable(
        ['measure', 'series', 'σ_d', 'effect of no change (95 %)', 'precision per minute, 1/%²', 'pairs'],
        rows.toSorted((a, b) => a[0]!.localeCompare(b[0]!)),
      );
}

export function sameTable(all: readonly SeriesAnalysis[]): string {
  const rows = all.flatMap(({ series, same, openSeconds }) =>
    same === null
      ? []
      : (
          [
            [`resampled from ${same.pairs} pairs, sides exchanged at random`, same.drawn ?? []],
            ['stretches as recorded, no pair used twice', same.inOrder],
          ] as const
        ).map(([how, decided]) => {
          const { regressed, pass, undecided, passMinutes, minutes, openBy, caughtBy } = tally(decided, openSeconds);
          return [
            series.name,
            how,
            shareText(regressed),
            caughtBy.map(({ id, share }) => `${id} ${share.count}`).join(', ') || 'none',
            pass.of === 0 ? NOT_YET : percent(pass.count / pass.of),
            undecided.of === 0 ? NOT_YET : percent(undecided.count / undecided.of),
            openBy.map(({ id, count }) => `${id} ${count}`).join(', ') || 'none',
            minutesText(passMinutes),
            minutesText(minutes),
          ];
        }),
  );
  return markdownTable(
    [
      'series',
      'decisions',
      'false alarms (95 % bars)',
      'named by',
      'pass',
      'undecided',
      'undecided by',
      'minutes to a pass: median, worst',
      'to any decision',
    ],
    rows,
  );
}

export function uniformityTable(all: readonly SeriesAnalysis[]): string {
  const rows = all.flatMap(({ series, same }) =>
    (same?.uniformity ?? []).map(({ id, count, distance, pValue }) => [
      series.name,
      id,
      String(count),
      distance.toFixed(3),
      pValue.toFixed(3),
    ]),
  );
  return rows.length === 0
    ? NOT_YET
    : markdownTable(['series', 'measure', 'p-values', 'distance (Kolmogorov, Smirnov)', 'p'], rows);
}

export function powerTable(all: readonly SeriesAnalysis[]): string {
  const rows = all.flatMap(({ series, changes, openSeconds }) =>
    changes.map(({ change, pairs, overall, drawn }) => {
      const { regressed, undecided, pass, caughtBy, minutes } = tally(drawn ?? [], openSeconds);
      return [
        change.title,
        series.name,
        String(pairs),
        ['latency.p50', 'latency.p95', 'latency.p99', 'db.queriesPerRequest']
          .map((id) => overall.measures.find((measure) => measure.id === id))
          .map((measure) => (measure ? effectText(measure) : 'not judged'))
          .join('<br>'),
        shareText(regressed),
        change.goal === null ? '' : shareText(caughtByAny(drawn ?? [], change.goal)),
        caughtBy.map(({ id, share }) => `${id} ${percent(share.count / share.of)}`).join('<br>') || 'none',
        `${percent(undecided.of === 0 ? 0 : undecided.count / undecided.of)}, ${percent(pass.of === 0 ? 0 : pass.count / pass.of)}`,
        minutesText(minutes),
      ];
    }),
  );
  return rows.length === 0
    ? NOT_YET
    : markdownTable(
        [
          'planted change',
          'series',
          'recorded pairs',
          'effect on p50, p95, p99, queries per request (95 %)',
          'found regressed (95 % bars)',
          'by the measure of the goal',
          'share of decisions in which each measure was named',
          'undecided, passed',
          'minutes: median, worst',
        ],
        rows,
      );
}

/** What each change does to latency where nothing queues: by how much a plant is what its name says. */
export function shiftTable(all: readonly SeriesAnalysis[]): string {
  const rows = all.flatMap(({ series, changes }) =>
    changes.map(({ change, pairs, overall }) => [
      change.title,
      series.name,
      String(pairs),
      ...['latency.p50', 'latency.p95'].map((id) => {
        const measure = overall.measures.find((one) => one.id === id);
        return measure ? effectText(measure) : 'unknown';
      }),
    ]),
  );
  return rows.length === 0
    ? NOT_YET
    : markdownTable(['planted change', 'series', 'pairs', 'effect on p50 (95 %)', 'effect on p95 (95 %)'], rows);
}

/** The change that shows how much of an effect a design lets through to a measure: a duet shrinks some. */
const DESIGN_CHANGE: Readonly<Record<string, string>> = {
  'latency.p50': 'service-5',
  'latency.p95': 'p95-5',
  'latency.p99': 'p99-10',
  'db.queriesPerRequest': 'query-2',
};

/** Which design sees more of each measure, from the noise and from what each design leaves of a planted change. */
export function designTable(all: readonly SeriesAnalysis[]): string {
  const rows = new Map<string, { series: string; signal: number }[]>();
  for (const { series, same, changes, secondsPerPair } of all) {
    for (const measure of same?.overall.measures ?? []) {
      const planted = changes
        .find(({ change }) => change.id === DESIGN_CHANGE[measure.id])
        ?.overall.measures.find(({ id }) => id === measure.id);
      if (!planted || planted.effect === null || !measure.spread || secondsPerPair === 0) continue;
      const signal = (planted.effect / measure.spread) * Math.sqrt(300 / secondsPerPair);
      rows.set(measure.title, [...(rows.get(measure.title) ?? []), { series: series.name, signal }]);
    }
  }
  if (rows.size === 0) return NOT_YET;
  return markdownTable(
    ['measure', 'signal to noise of five minutes of pairs', 'best'],
    [...rows].map(([title, found]) => [
      title,
      found.map(({ series, signal }) => `${series} ${signal.toFixed(1)}`).join(', '),
      found.length < 2 ? NOT_YET : found.reduce((a, b) => (b.signal > a.signal ? b : a)).series,
    ]),
  );
}

/** The rest of the rules; they are the same for all series. */
export function rulesText({ rules }: SeriesAnalysis): string {
  return `Error rate over all measures together ${percent(rules.alpha)}; looks at ${rules.firstLook} and ${rules.lastLook} pairs.`;
}

function judged(rules: SeriesAnalysis['rules']): (measure: MeasureDecision) => boolean {
  return ({ id }) => id in rules.tolerances;
}
