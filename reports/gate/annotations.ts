/**
 * Annotations for GitHub: lines on stdout that stand at the change itself
 * (https://docs.github.com/actions/reference/workflow-commands-for-github-actions). A step shows ten at most, so the
 * last one tells of those that found no room.
 */
import type { GateResult, MeasureDecision } from '../../harness/contract/gate.ts';
import { plainText, withUnit } from '../model/format.ts';
import {
  effectWords,
  failedChecksText,
  gateSentence,
  gateStatus,
  intervalText,
  mattersFirst,
  sizeText,
} from './outcomes.ts';

const MOST = 10;

/**
 * An `::error` for each regressed measure and a `::warning` for each undecided one, at most ten in all.
 *
 * @param result as in `result.json`
 * @returns lines without line breaks; empty for a gate that passes
 */
export function githubAnnotations(result: GateResult): string[] {
  const { status, word } = gateStatus(result);
  if (status === 'pass') return [];
  const level = status === 'fail' ? 'error' : 'warning';
  const lines = mattersFirst(result.measures).flatMap((measure) => {
    if (measure.outcome === 'regressed')
      return [command(level, `${measure.title} regressed`, `${figures(measure)}. ${measure.why}`)];
    if (measure.outcome === 'undecided')
      return [command('warning', `${measure.title} undecided`, `${figures(measure)}. ${measure.why}`)];
    return [];
  });
  const checks = (['base', 'candidate'] as const).flatMap((side) => {
    const text = failedChecksText(result, side);
    return text === null ? [] : [command(side === 'candidate' ? level : 'warning', 'Checks failed', text)];
  });
  const broken = result.guards
    .filter((guard) => !guard.ok)
    .map((guard) => command('warning', 'The comparison can not be trusted', guard.message));
  const all = [...checks, ...lines, ...broken];
  if (all.length === 0) return [command(level, `Gate: ${word}`, gateSentence(result))];
  if (all.length <= MOST) return all;
  const rest = all.length - MOST + 1;
  return [...all.slice(0, MOST - 1), command(level, 'Gate', `${rest} more stand in the summary and in report.html`)];
}

function figures(measure: MeasureDecision): string {
  return `${withUnit(measure.base, measure.unit)} → ${withUnit(measure.candidate, measure.unit)}, ${effectWords(measure)} (${intervalText(measure)}), allowed ${sizeText(measure, measure.tolerance)}`;
}

function command(level: 'error' | 'warning', title: string, message: string): string {
  const data = (text: string): string => text.replace(/%/g, '%25').replace(/\r/g, '%0D').replace(/\n/g, '%0A');
  const property = (text: string): string => data(text).replace(/:/g, '%3A').replace(/,/g, '%2C');
  return `::${level} title=${property(plainText(title))}::${data(plainText(message))}`;
}
