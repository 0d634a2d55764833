/**
 * The goals of the issue held against what was measured, for each series: met, missed and by how much, or not measured
 * yet. A share is judged by what was seen; its bars stand beside it, and say how much a repeat could differ.
 */
import type { SeriesAnalysis } from './analyse.ts';
import { changeNamed } from './changes.ts';
import { NOT_YET, percent, shareText } from './format.ts';
import type { WholeGate } from './whole-file.ts';
import { caughtByAny, type Share, share, tally } from './tally.ts';

export interface GoalRow {
  goal: string;
  series: string;
  measured: string;
  /** Null is not measured yet. */
  met: boolean | null;
  /** By how much it was missed; empty where it was not. */
  missedBy: string;
}

const MAX_FALSE_ALARMS = 0.01;
const MIN_CAUGHT = 0.95;
const MAX_UNDECIDED = 0.05;
const MAX_MEDIAN_PASS_MIN = 5;
const MAX_WORST_MIN = 10;

export function goalRows(all: readonly SeriesAnalysis[], gates: readonly WholeGate[]): GoalRow[] {
  return [
    ...all.flatMap((analysis) => [...sameGoals(analysis), ...caughtGoals(analysis), undecidedGoal(analysis)]),
    ...wholeGoals(gates),
  ];
}

function sameGoals({ series, same, openSeconds }: SeriesAnalysis): GoalRow[] {
  const { regressed, passMinutes, minutes } = tally(same?.drawn ?? [], openSeconds);
  return [
    atMost('false alarms ≤ 1 %, resampled', series.name, regressed, MAX_FALSE_ALARMS),
    minutesRow('median pass within 5 minutes', series.name, passMinutes?.median, MAX_MEDIAN_PASS_MIN),
    minutesRow('worst decision within 10 minutes', series.name, minutes?.worst, MAX_WORST_MIN),
  ];
}

/** The changes of the goals, each by the measures that the goal names. */
function caughtGoals({ series, changes, rules }: SeriesAnalysis): GoalRow[] {
  const rows: [goal: string, change: string, measures?: readonly string[]][] = [
    ['+5 % on p50 caught in ≥ 95 %, by p50', 'service-5'],
    ['+5 % on p95 caught in ≥ 95 %, by p95', 'p95-5'],
    ['+10 % on p99 caught in ≥ 95 %, by p99', 'p99-10'],
    // A slower query is in p95 too, where there is less noise: the commit is stopped, though not for its p99.
    ['the same change caught in ≥ 95 %, by p95 or p99', 'p99-10', ['latency.p95', 'latency.p99']],
    ['+2 % queries caught in ≥ 95 %', 'queries-2'],
    ['extra query in 2 % of requests caught in ≥ 95 %', 'query-2'],
    ['lost single-flight caught in ≥ 95 %, by queries', 'single-flight'],
  ];
  return rows.map(([goal, id, named]) => {
    const measures = named ?? changeNamed(id).goal ?? [];
    const drawn = changes.find(({ change }) => change.id === id)?.drawn ?? [];
    const caught = caughtByAny(drawn, measures);
    if (caught.of === 0) return { goal, series: series.name, measured: NOT_YET, met: null, missedBy: '' };
    const judged = measures.some((measure) => measure in rules.tolerances);
    const met = caught.count / caught.of >= MIN_CAUGHT;
    return {
      goal,
      series: series.name,
      measured: judged ? shareText(caught) : 'not judged: trials have too few requests',
      met,
      missedBy: met ? '' : percent(MIN_CAUGHT - caught.count / caught.of),
    };
  });
}

/** Over the decisions where nothing was changed: what a team meets on every ordinary commit. */
function undecidedGoal({ series, same, openSeconds }: SeriesAnalysis): GoalRow {
  return atMost(
    'undecided ≤ 5 % where nothing was changed',
    series.name,
    tally(same?.drawn ?? [], openSeconds).undecided,
    MAX_UNDECIDED,
  );
}

/** Over all series: each gate is a decision of its own. */
function wholeGoals(gates: readonly WholeGate[]): GoalRow[] {
  const series = [...new Set(gates.map((gate) => gate.series))].toSorted().join(', ') || NOT_YET;
  const same = gates.filter(({ change }) => change === 'none' || change === 'comment');
  const changed = gates.filter(({ change }) => change !== 'none' && change !== 'comment');
  const alarms = share(same.filter(({ status }) => status === 'regressed').length, same.length);
  return [
    atMost('whole gates, nothing changed: false alarms ≤ 1 %', series, alarms, MAX_FALSE_ALARMS),
    ...[
      ['≥ 20 whole gates where nothing was changed', same.length] as const,
      ['≥ 20 whole gates with a planted change', changed.length] as const,
    ].map(([goal, count]): GoalRow => {
      const met = count >= 20;
      return { goal, series, measured: String(count), met, missedBy: met ? '' : String(20 - count) };
    }),
  ];
}

function atMost(goal: string, series: string, found: Share, limit: number): GoalRow {
  if (found.of === 0) return { goal, series, measured: NOT_YET, met: null, missedBy: '' };
  const seen = found.count / found.of;
  const met = seen <= limit;
  return { goal, series, measured: shareText(found), met, missedBy: met ? '' : percent(seen - limit) };
}

function minutesRow(goal: string, series: string, minutes: number | undefined, limit: number): GoalRow {
  if (minutes === undefined) return { goal, series, measured: NOT_YET, met: null, missedBy: '' };
  const met = minutes <= limit;
  return {
    goal,
    series,
    measured: `${minutes.toFixed(1)} minutes`,
    met,
    missedBy: met ? '' : `${(minutes - limit).toFixed(1)} minutes`,
  };
}
