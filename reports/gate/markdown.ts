/**
 * A gate as Markdown, for a CI summary or a comment on a change. The first line is hidden and lets a later run find
 * its comment again. GitHub drops what is too long as a whole, so we cut it ourselves.
 */
import type { GateResult } from '../../harness/contract/gate.ts';
import { code, cut, escape, MAX_MARKDOWN_BYTES, table } from '../markdown-text.ts';
import { withUnit } from '../model/format.ts';
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

/** What GitHub takes, in bytes, by where the text is to stand. */
const LIMITS = {
  summary: { bytes: MAX_MARKDOWN_BYTES, because: 'a summary may hold 1 MiB' },
  comment: { bytes: 65_536, because: 'a comment may hold 64 KiB' },
} as const;

/**
 * Renders a gate as GitHub-flavoured Markdown.
 *
 * @param result as in `result.json`
 * @param place `summary` for `$GITHUB_STEP_SUMMARY`, at most 1 MiB (default); `comment` for a comment, at most 64 KiB
 */
export function renderGateMarkdown(result: GateResult, place: keyof typeof LIMITS = 'summary'): string {
  const { mark, word } = gateStatus(result);
  const lines = [
    '<!-- cachequake-gate -->',
    `## ${mark} ${word}: ${escape(gateSentence(result))}`,
    '',
    escape(gateExplanation(result)),
    '',
    `${escape(sideTitle(result, 'candidate'))} against ${escape(sideTitle(result, 'base'))}: ${escape(effortText(result))} of ${code(result.plan.profile.id)} with ${code(result.plan.label)}.`,
    '',
    ...warnings(result),
    ...table(
      [
        'Measure',
        'Base',
        'Candidate',
        'Difference (+ is worse)',
        '95 % interval',
        'Allowed',
        'Outcome',
        'Could have seen',
      ],
      mattersFirst(result.measures).map((measure) => [
        escape(shortTitle(measure)),
        withUnit(measure.base, measure.unit),
        withUnit(measure.candidate, measure.unit),
        effectText(measure, measure.effect),
        intervalText(measure),
        allowedText(measure),
        `${OUTCOMES[measure.outcome].mark} ${OUTCOMES[measure.outcome].word}`,
        seenText(measure),
      ]),
    ),
    '',
    ...unexplained(result).map((measure) => `- **${escape(shortTitle(measure))}**: ${escape(measure.why)}`),
    '',
    `Repeat it: ${code(result.repeatCommand)}`,
    '',
    ...(result.acceptCommand === null ? [] : [`Accept the candidate as it is: ${code(result.acceptCommand)}`, '']),
  ];
  return cut(lines, LIMITS[place]);
}

function warnings(result: GateResult): string[] {
  const lines: string[] = [];
  if (result.partial) lines.push('> **Interrupted:** nothing here counts as passed.', '');
  for (const side of ['base', 'candidate'] as const) {
    const text = failedChecksText(result, side);
    if (text !== null) lines.push(`> **Checks failed:** ${escape(text)}`, '');
  }
  for (const guard of brokenGuards(result, false)) lines.push(`> **Not to be trusted:** ${escape(guard.message)}`, '');
  for (const note of result.environment.notes) lines.push(`> ${escape(note)}`, '');
  return lines;
}
