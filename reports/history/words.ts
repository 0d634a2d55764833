/** A history in words, the same on the terminal and on the page. */
import { number, plural, withUnit } from '../model/format.ts';
import { FEWEST_VALUES } from './history.ts';
import type { History, HistoryChange, HistoryGroup } from './history.ts';

/** The main finding in one sentence. */
export function headline(history: History): string {
  const { groups, measure } = history;
  if (groups.length === 0) return `No result has a value of ${measureName(history)}`;
  const changes = groups.flatMap((group) => group.changes);
  const worse = changes.filter((change) => change.worse).length;
  const where = plural(groups.length, 'experiment');
  if (changes.length === 0) {
    const enough = groups.filter((group) => group.points.length >= FEWEST_VALUES).length;
    if (enough === 0) return `Too few results to tell a change of ${measureName(history)} from chance`;
    return `No change of ${measureName(history)} in ${enough === groups.length ? where : `${number(enough)} of ${where}`}`;
  }
  const kind =
    measure.better === 'neither'
      ? ''
      : worse === 0
        ? ', none to the worse'
        : worse === changes.length
          ? ' to the worse'
          : `, ${number(worse)} to the worse`;
  return `${measureName(history)} changed ${['once', 'twice'][changes.length - 1] ?? `${number(changes.length)} times`}${kind}, in ${where}`;
}

/** What the reader must know of results that are not shown; empty where all are. */
export function leftOutTexts(history: History): string[] {
  const { unusable, withoutMeasure, earlier, repeated } = history.leftOut;
  return [
    unusable > 0 ? `${plural(unusable, 'result')} left out: partial, or not valid` : '',
    withoutMeasure > 0 ? `${plural(withoutMeasure, 'result')} without a value of ${measureName(history)}` : '',
    earlier > 0 ? `${plural(earlier, 'result')} before the time asked for` : '',
    repeated > 0 ? `${plural(repeated, 'result')} counted once though found again` : '',
  ].filter(Boolean);
}

/** `p99 latency`, `p99 latency during the fault`. */
export function measureName(history: History): string {
  const phases = { run: '', before: ' before the fault', during: ' during the fault', after: ' after the fault' };
  return `${history.measure.title}${phases[history.phase]}`;
}

/** `24 results from 2025-11-01 to 2025-12-20, median 26.4 ms`. */
export function groupSummary(group: HistoryGroup, history: History): string {
  const values = group.points.map((point) => point.value).sort((a, b) => a - b);
  const show = (value: number): string => withUnit(value, history.measure.unit);
  if (values.length === 1)
    return `one result, ${day(group.points[0]!.startedAt)}: ${show(values[0]!)}; nothing to compare with`;
  const span = `${plural(values.length, 'result')} from ${day(group.points[0]!.startedAt)} to ${day(group.points.at(-1)!.startedAt)}, ${show(values[0]!)} to ${show(values.at(-1)!)}`;
  return values.length < FEWEST_VALUES ? `${span}; a change can be told from ${FEWEST_VALUES} results on` : span;
}

/** `worse from 2025-12-01: 26.4 ms to 33.1 ms, +25 %`. */
export function changeSentence(group: HistoryGroup, change: HistoryChange, history: History): string {
  const show = (value: number): string => withUnit(value, history.measure.unit);
  return `${changeWord(change)} from ${moment(group.points[change.index]!.startedAt)}: ${show(change.before)} to ${show(change.after)}${shareText(change)}`;
}

export function changeWord(change: HistoryChange): string {
  return change.worse === null ? 'other' : change.worse ? 'worse' : 'better';
}

export function changeMark(change: HistoryChange): string {
  return change.worse === null ? '≠' : change.worse ? '✕' : '★';
}

/** `, +25 %`; empty where there is no ratio. */
export function shareText(change: HistoryChange): string {
  if (!(change.before > 0)) return '';
  const share = (change.after / change.before - 1) * 100;
  return `, ${share < 0 ? '−' : '+'}${number(Number(Math.abs(share).toPrecision(2)))}\u00a0%`;
}

export function day(iso: string): string {
  return iso.slice(0, 10);
}

export function moment(iso: string): string {
  return iso.slice(0, 16).replace('T', ' ');
}

/** Seven digits of a hash, with the word that files differ from it; a dash where it is not known. */
export function shortCommit(commit: string | null): string {
  if (commit === null) return '–';
  const [hash = '', ...rest] = commit.split('-');
  return [hash.slice(0, 7), ...rest].join('-');
}
