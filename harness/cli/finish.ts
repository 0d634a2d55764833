/** The last thing a person sees: the table, the verdict in a sentence, and where the report is. */
import { relative } from 'node:path';
import type { ExperimentOutcome } from './experiment.ts';

/** Prints the outcome on stdout and sets the exit code. */
export async function finish(outcome: ExperimentOutcome): Promise<void> {
  const { renderTable } = await import('../../reports/terminal.ts');
  const { result, folder, exitCode } = outcome;
  const colour = process.stdout.isTTY && process.env['NO_COLOR'] === undefined;
  const near = relative(process.cwd(), folder);
  const shown = near && !near.startsWith('..') ? near : folder;
  process.stdout.write(
    `\n${renderTable(result, { colour, width: process.stdout.columns ?? 120 })}\n\nreport  ${shown}/report.html\nresult  ${shown}/result.json\n`,
  );
  process.exitCode = exitCode;
}
