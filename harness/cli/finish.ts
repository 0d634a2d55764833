/** The last thing a person sees: the table, the verdict in a sentence, and where the report is. */
import { appendFileSync } from 'node:fs';
import { relative } from 'node:path';
import { messageOf } from '../contract/errors.ts';
import type { GateResult } from '../contract/gate.ts';
import type { StoredResult } from '../contract/result.ts';

export interface Finished {
  result: StoredResult;
  folder: string;
  exitCode: number;
}

/** Prints the outcome on stdout and sets the exit code. */
export async function finish({ result, folder, exitCode }: Finished): Promise<void> {
  const options = {
    colour: process.stdout.isTTY && process.env['NO_COLOR'] === undefined,
    width: process.stdout.columns ?? 120,
  };
  const table =
    result.kind === 'gate'
      ? (await import('../../reports/gate/terminal.ts')).renderGateTable(result, options)
      : (await import('../../reports/terminal.ts')).renderTable(result, options);
  const near = relative(process.cwd(), folder);
  const shown = near && !near.startsWith('..') ? near : folder;
  process.stdout.write(`\n${table}\n\nreport  ${shown}/report.html\nresult  ${shown}/result.json\n`);
  process.exitCode = exitCode;
}

/**
 * Tells GitHub, where it is the one that runs us: the summary is added to the step's, and annotations are lines on
 * stdout. Neither can fail a gate.
 */
export async function tellGithub(result: GateResult): Promise<void> {
  const summary = process.env['GITHUB_STEP_SUMMARY'];
  if (summary) {
    const { renderGateMarkdown } = await import('../../reports/gate/markdown.ts');
    try {
      appendFileSync(summary, `${renderGateMarkdown(result)}\n`);
    } catch (error) {
      process.stderr.write(`the summary of this step cannot be written: ${messageOf(error)}\n`);
    }
  }
  if (process.env['GITHUB_ACTIONS'] !== 'true') return;
  const { githubAnnotations } = await import('../../reports/gate/annotations.ts');
  for (const line of githubAnnotations(result)) process.stdout.write(`${line}\n`);
}
