/** Markdown: tables, and the part of a page between two marks, which is measured and written by the bench alone. */
import { readFileSync, writeFileSync } from 'node:fs';
import { HarnessError } from '../../harness/contract/errors.ts';

const BEGIN = '<!-- measured: begin -->';
const END = '<!-- measured: end -->';

/** A table; cells are escaped where they hold a bar. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** @throws HarnessError BAD_PARAMETER where the page lacks the marks */
export function replaceMeasured(page: string, measured: string): string {
  const from = page.indexOf(BEGIN);
  const to = page.indexOf(END);
  if (from < 0 || to < from)
    throw new HarnessError('BAD_PARAMETER', `the page has no part between ${BEGIN} and ${END}`, {
      hint: 'put the two marks back where the tables belong',
    });
  return `${page.slice(0, from)}${BEGIN}\n\n${measured.trim()}\n\n${page.slice(to)}`;
}

export function writeMeasured(file: string, measured: string): void {
  writeFileSync(file, replaceMeasured(readFileSync(file, 'utf8'), measured));
}
