/**
 * Annotations for GitHub: lines on stdout that stand at the change itself
 * (https://docs.github.com/actions/reference/workflow-commands-for-github-actions). A step shows ten at most, so the
 * last one tells of those that found no room.
 */
import type { GateResult, MeasureDecision } from '../../harness/contract/gate.ts';
import { list, plainText, withUnit } from '../model/format.ts';
import { brokenGuards, failedChecksText, gateSentence, gateStatus, shortTitle } from './outcomes.ts';

const MOST = 10;

/**
 * An `::error` for each regressed measure, a `::warning` for checks that failed, and one for all that is undecided or
 * not to be trusted; at most ten in all.
 *
 * @param result as in `result.json`
 * @returns lines without line breaks; empty for a gate that passes
 */
export function githubAnnotations(result: GateResult): string[] {
  const { status, word } = gateStatus(result);
  if (status === 'pass') return [];
  const level = status === 'fail' ? 'error' : 'warning';
  const of = (outcome: MeasureDecision['outcome']): MeasureDecision[] =>
    result.measures.filter((measure) => measure.outcome === outcome);
  const checks = (['base', 'candidate'] as const).flatMap((side) => {
    const text = failedChecksText(result, side);
    return text === null ? [] : [command(side === 'candidate' ? level : 'warning', 'Checks failed', text)];
  });
  const worse = of('regressed').map((measure) =>
    command(
      level,
      `${shortTitle(measure)} regressed`,
      `${withUnit(measure.base, measure.unit)} → ${withUnit(measure.candidate, measure.unit)}: ${measure.why}`,
    ),
  );
  const broken = brokenGuards(result, false).map((guard) => guard.message);
  const open = of('undecided').map(shortTitle);
  const doubts =
    status === 'unknown'
      ? [command('warning', `Gate ${word.toLowerCase()}`, [gateSentence(result), ...broken].join('; '))]
      : open.length > 0
        ? [command('warning', 'Gate', `undecided: ${list(open)}`)]
        : [];
  const all = [...checks, ...worse, ...doubts];
  if (all.length === 0) return [command(level, `Gate ${word.toLowerCase()}`, gateSentence(result))];
  if (all.length <= MOST) return all;
  const rest = all.length - MOST + 1;
  return [...all.slice(0, MOST - 1), command(level, 'Gate', `${rest} more stand in the summary and in report.html`)];
}

function command(level: 'error' | 'warning', title: string, message: string): string {
  const data = (text: string): string => text.replace(/%/g, '%25').replace(/\r/g, '%0D').replace(/\n/g, '%0A');
  const property = (text: string): string => data(text).replace(/:/g, '%3A').replace(/,/g, '%2C');
  return `::${level} title=${property(plainText(title))}::${data(plainText(message))}`;
}
