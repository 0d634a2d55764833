/** What a gate says on the terminal: the measures that matter first, the decision in a sentence, and what to do next. */
import picocolors from 'picocolors';
import type { GateResult, MeasureDecision } from '../../harness/contract/gate.ts';
import type { VerdictStatus } from '../../harness/contract/verdict.ts';
import { plainText, withUnit } from '../model/format.ts';
import { clip, grid, wrap } from '../terminal-text.ts';
import type { Colours } from '../terminal-text.ts';
import {
  effectText,
  effortText,
  failedChecksText,
  gateSentence,
  gateStatus,
  intervalText,
  mattersFirst,
  OUTCOMES,
  sideTitle,
  sizeText,
} from './outcomes.ts';

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
  const measures = mattersFirst(result.measures);
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
    ...result.guards
      .filter((guard) => !guard.ok)
      .flatMap((guard) => said(`Not to be trusted: ${guard.message}`, c.yellow)),
    ...said(result.verdict.explanation),
    ...measures
      .filter((measure) => measure.outcome === 'regressed' || measure.outcome === 'undecided')
      .flatMap((measure) => said(`${measure.title}: ${measure.why}`)),
    ...said('Differences are told so that + is worse.', c.dim),
    '',
    ...said(`repeat  ${result.repeatCommand}`),
    ...(result.acceptCommand === null ? [] : said(`accept  ${result.acceptCommand}`)),
  ];
  return `${lines.join('\n')}\n`;
}

function table(measures: readonly MeasureDecision[], c: Colours, width: number): string[] {
  if (measures.length === 0) return [];
  const head = ['', 'outcome', 'base', 'candidate', 'difference', '95 % interval', 'allowed', 'could have seen'];
  const rows = measures.map((measure) => [
    clip(plainText(measure.title), 34),
    outcomeText(measure, c),
    withUnit(measure.base, measure.unit),
    withUnit(measure.candidate, measure.unit),
    effectText(measure, measure.effect),
    intervalText(measure),
    sizeText(measure, measure.tolerance),
    sizeText(measure, measure.smallestDetectable),
  ]);
  return grid(head, rows, c, width);
}

/** Where a table would fall apart, each measure is a few lines. */
function blocks(measures: readonly MeasureDecision[], c: Colours, width: number): string[] {
  return measures.flatMap((measure) => [
    ...wrap(plainText(measure.title), width).map((line) => c.bold(line)),
    outcomeText(measure, c),
    ...wrap(
      `${withUnit(measure.base, measure.unit)} → ${withUnit(measure.candidate, measure.unit)}, ${effectText(measure, measure.effect)} (${intervalText(measure)}), allowed ${sizeText(measure, measure.tolerance)}, could have seen ${sizeText(measure, measure.smallestDetectable)}`,
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
