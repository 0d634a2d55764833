/** What a gate says on the terminal: the measures that matter first, the decision in a sentence, and what to do next. */
import picocolors from 'picocolors';
import type { GateResult, MeasureDecision } from '../../harness/contract/gate.ts';
import type { VerdictStatus } from '../../harness/contract/verdict.ts';
import { plainText, withUnit } from '../model/format.ts';
import { clip, grid, wrap } from '../terminal-text.ts';
import type { Colours } from '../terminal-text.ts';
import {
  allowedText,
  brokenGuards,
  effectText,
  effortText,
  failedChecksText,
  gateExplanation,
  gateSentence,
  gateStatus,
  intervalText,
  mattersFirst,
  OUTCOMES,
  seenText,
  sideTitle,
  shortTitle,
  unexplained,
} from './outcomes.ts';

/** What is not judged is worth a few lines here; the page has all of it. */
const MOST_REPORTED = 4;

/** Below this width a table would be in three parts. */
const NARROW = 76;

/**
 * Renders the table of a gate with the decision under it.
 *
 * @param result as in `result.json`
 * @param options whether colours may be used, and how wide the terminal is
 */
export function renderGateTable(result: GateResult, options: { colour: boolean; width: number }): string {
  const c = picocolors.createColors(options.colour);
  const width = Math.max(40, options.width);
  const judged = mattersFirst(result.measures).filter((measure) => measure.outcome !== 'reported');
  const reported = result.measures.filter((measure) => measure.outcome === 'reported');
  const measures = [...judged, ...reported.slice(0, MOST_REPORTED)];
  const unshown = reported.length - MOST_REPORTED;
  const { status, word, mark } = gateStatus(result);
  const said = (text: string, colour: (text: string) => string = (plain) => plain): string[] =>
    wrap(plainText(text), width).map(colour);
  const lines = [
    ...said(`${sideTitle(result, 'candidate')} against ${sideTitle(result, 'base')}, ${effortText(result)}`, c.bold),
    '',
    ...(width < NARROW ? blocks(measures, c, width) : table(measures, c, width)),
    ...(measures.length > 0 ? [''] : []),
    ...said(`${mark} ${word}: ${gateSentence(result)}`, (text) => paint(status, text, c)),
    ...(result.partial ? said('The gate was interrupted: nothing of it counts as passed.', c.yellow) : []),
    ...(['base', 'candidate'] as const).flatMap((side) => {
      const text = failedChecksText(result, side);
      return text === null ? [] : said(`Checks failed, ${text}`, c.yellow);
    }),
    ...brokenGuards(result, false).flatMap((guard) => said(`Not to be trusted: ${guard.message}`, c.yellow)),
    ...said(gateExplanation(result)),
    ...unexplained(result).flatMap((measure) => said(`${shortTitle(measure)}: ${measure.why}`)),
    ...(unshown > 0 ? said(`${unshown} more that are not judged stand in the report.`, c.dim) : []),
    ...said('Differences are told so that + is worse.', c.dim),
    '',
    // Never broken: a person copies them.
    plainText(`repeat  ${result.repeatCommand}`),
    ...(result.acceptCommand === null ? [] : [plainText(`accept  ${result.acceptCommand}`)]),
  ];
  return `${lines.join('\n')}\n`;
}

function table(measures: readonly MeasureDecision[], c: Colours, width: number): string[] {
  if (measures.length === 0) return [];
  const head = ['', 'outcome', 'base', 'candidate', 'difference', '95 % interval', 'allowed', 'could have seen'];
  const rows = measures.map((measure) => [
    clip(plainText(shortTitle(measure)), 34),
    outcomeText(measure, c),
    withUnit(measure.base, measure.unit),
    withUnit(measure.candidate, measure.unit),
    effectText(measure, measure.effect),
    intervalText(measure),
    allowedText(measure),
    seenText(measure),
  ]);
  return grid(head, rows, c, width);
}

/** Where a table would fall apart, each measure is a few lines. */
function blocks(measures: readonly MeasureDecision[], c: Colours, width: number): string[] {
  return measures.flatMap((measure) => [
    ...wrap(plainText(shortTitle(measure)), width).map((line) => c.bold(line)),
    outcomeText(measure, c),
    ...wrap(
      `${withUnit(measure.base, measure.unit)} → ${withUnit(measure.candidate, measure.unit)}, ${effectText(measure, measure.effect)} (${intervalText(measure)}), allowed ${allowedText(measure)}, could have seen ${seenText(measure)}`,
      width - 2,
    ).map((line) => `  ${line}`),
  ]);
}

function outcomeText(measure: MeasureDecision, c: Colours): string {
  const { mark, word, status } = OUTCOMES[measure.outcome];
  return status === null ? `${mark} ${word}` : paint(status, `${mark} ${word}`, c);
}

function paint(status: VerdictStatus, text: string, c: Colours): string {
  return status === 'pass' ? c.green(text) : status === 'fail' ? c.red(text) : c.yellow(text);
}
