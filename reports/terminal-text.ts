/** Parts of every terminal output: tables that fit the width, lines broken between words, texts cut short. */
import { stripVTControlCharacters } from 'node:util';
import CliTable from 'cli-table3';
import type picocolors from 'picocolors';
import { plainText, UNKNOWN } from './model/format.ts';

export type Colours = ReturnType<typeof picocolors.createColors>;

/** A table without walls; columns that do not fit go on in another one below. */
export function grid(head: string[], rows: string[][], c: Colours, width: number): string[] {
  const names = head.map((name) => clip(plainText(name), width < 80 ? 24 : 36));
  const bare = rows.map((row) => row.map((cell) => (cell === '' ? UNKNOWN : cell)));
  const size = (text: string): number => stripVTControlCharacters(text).length + 2;
  const widths = names.map((name, i) => Math.max(size(name), ...bare.map((row) => size(row[i] ?? ''))));
  const lines: string[] = [];
  for (let from = 1; from < names.length;) {
    let to = from + 1;
    let used = widths[0]! + widths[from]!;
    while (to < names.length && used + widths[to]! <= width) used += widths[to++]!;
    const pick = <T>(cells: T[]): T[] => [cells[0]!, ...cells.slice(from, to)];
    const table = new CliTable({
      head: pick(names).map((name) => c.bold(name)),
      colAligns: pick(names).map((_, i) => (i === 0 ? 'left' : 'right')),
      style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2, compact: true },
      chars: Object.fromEntries(
        [
          'top',
          'top-mid',
          'top-left',
          'top-right',
          'bottom',
          'bottom-mid',
          'bottom-left',
          'bottom-right',
          'left',
          'left-mid',
          'mid',
          'mid-mid',
          'right',
          'right-mid',
          'middle',
        ].map((k) => [k, '']),
      ),
    });
    table.push(...bare.map(pick));
    if (lines.length > 0) lines.push('');
    lines.push(
      ...table
        .toString()
        .split('\n')
        .map((line) => line.trimEnd()),
    );
    from = to;
  }
  return lines;
}

/** At most so many characters, with a mark where some are missing. */
export function clip(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

/** Breaks between words; a word longer than the line is broken too. */
export function wrap(text: string, width: number): string[] {
  const lines = [''];
  for (const word of text.split(' ').flatMap((w) => w.match(new RegExp(`.{1,${width}}`, 'gsu')) ?? [''])) {
    const last = lines.at(-1)!;
    if (last === '') lines[lines.length - 1] = word;
    else if (last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return text === '' ? [] : lines;
}
