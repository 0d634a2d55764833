/** A history on the terminal: for each experiment a line of bars with its change points, and what changed when. */
import picocolors from 'picocolors';
import { plainText } from '../model/format.ts';
import { clip, wrap } from '../terminal-text.ts';
import type { Colours } from '../terminal-text.ts';
import type { History, HistoryChange, HistoryGroup } from './history.ts';
import { changeMark, changeSentence, groupSummary, headline, leftOutTexts, shortCommit } from './words.ts';

const BARS = '▁▂▃▄▅▆▇█';
/** More experiments than this nobody reads on a terminal. */
const MOST_GROUPS = 40;

/**
 * Renders a history for the terminal.
 *
 * @param options whether colours may be used, and how wide the terminal is
 */
export function renderHistoryText(history: History, options: { colour: boolean; width: number }): string {
  const c = picocolors.createColors(options.colour);
  const width = Math.max(40, options.width);
  const shown = history.groups.slice(0, MOST_GROUPS);
  const lines = [
    ...wrap(plainText(headline(history)), width).map((line) => c.bold(line)),
    ...leftOutTexts(history).flatMap((text) => wrap(text, width).map((line) => c.dim(line))),
    ...shown.flatMap((group) => ['', ...groupLines(group, history, c, width)]),
  ];
  const more = history.groups.length - shown.length;
  if (more > 0) lines.push('', `${more} more experiments; --format html or json has all of them`);
  return `${lines.join('\n')}\n`;
}

function groupLines(group: HistoryGroup, history: History, c: Colours, width: number): string[] {
  const where = [group.environment, `${group.machine.cores} cores`, `machine ${group.machine.fingerprint}`];
  const facts = [...where, ...group.differs.filter((text) => !where.includes(text)).slice(0, 6)];
  return [
    ...wrap(plainText(group.title), width).map((line) => c.bold(line)),
    ...wrap(plainText(facts.join(' · ')), width).map((line) => c.dim(line)),
    ...(group.points.length > 1 ? [sparkline(group, c, width)] : []),
    ...wrap(plainText(groupSummary(group, history)), width),
    ...group.changes.flatMap((change) => changeLines(group, change, history, c, width)),
  ];
}

function changeLines(
  group: HistoryGroup,
  change: HistoryChange,
  history: History,
  c: Colours,
  width: number,
): string[] {
  const paint = change.worse === null ? c.yellow : change.worse ? c.red : c.green;
  const p = `p = ${Number(change.pValue.toPrecision(2))}`;
  const around = (word: string, index: number): string => {
    const point = group.points[index]!;
    return clip(`    ${word} ${plainText(point.runId)}, commit ${plainText(shortCommit(point.commit))}`, width);
  };
  return [
    ...wrap(`  ${changeMark(change)} ${changeSentence(group, change, history)} (${p})`, width).map(paint),
    around('last before ', change.index - 1),
    around('first after ', change.index),
  ];
}

/** One bar for each result, or for the median of a few where there is no room; a stroke at each change. */
function sparkline(group: HistoryGroup, c: Colours, width: number): string {
  const values = group.points.map((point) => point.value);
  const low = Math.min(...values);
  const high = Math.max(...values);
  const room = Math.max(10, width - group.changes.length);
  const perBar = Math.ceil(values.length / room);
  const borders = [0, ...group.changes.map((change) => change.index), values.length];
  const stretches = borders.slice(0, -1).map((from, i) => {
    const stretch = values.slice(from, borders[i + 1]);
    const bars: string[] = [];
    for (let at = 0; at < stretch.length; at += perBar) {
      const some = stretch.slice(at, at + perBar).sort((a, b) => a - b);
      const value = some[Math.floor(some.length / 2)]!;
      bars.push(high > low ? BARS[Math.min(7, Math.floor((8 * (value - low)) / (high - low)))]! : BARS[3]!);
    }
    return bars.join('');
  });
  return clip(stretches.join('│'), width).replaceAll('│', c.yellow('│'));
}
