/**
 * Parts of Markdown that every summary needs: text from outside made harmless, tables, and a cut in time, because
 * GitHub drops what is too long as a whole.
 */
import { plainText } from './model/format.ts';

/** Limit of a GitHub step summary. */
export const MAX_MARKDOWN_BYTES = 1_048_576;

/** A table as lines; the first column stands left, numbers right. */
export function table(head: string[], rows: string[][]): string[] {
  const line = (cells: string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), `|${head.map((_, i) => (i === 0 ? '---' : '---:')).join('|')}|`, ...rows.map(line)];
}

/** Text that Markdown shows as it is: no markup, no HTML, no mention, no link. */
export function escape(text: string): string {
  return plainText(text)
    .replace(/[\\`*_{}[\]()#+!|~$^]/g, '\\$&')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/@/g, '@\u200b')
    .replace(/:\/\//g, '\\:\\/\\/')
    .replace(/www\./gi, 'www\u200b.');
}

/** Text as inline code, with a fence longer than any in it; a bar would end a table cell. */
export function code(text: string): string {
  const plain = plainText(text).replace(/\|/g, '\u2502');
  const fence = '`'.repeat(1 + Math.max(0, ...[...plain.matchAll(/`+/g)].map((m) => m[0].length)));
  const pad = plain.startsWith('`') || plain.endsWith('`') ? ' ' : '';
  return `${fence}${pad}${plain}${pad}${fence}`;
}

/**
 * Whole lines up to the limit, with a word where something is missing.
 *
 * @param limit in bytes, and in words that end "Cut here, because …"
 */
export function cut(lines: readonly string[], limit: { bytes: number; because: string }): string {
  const note = `\n_Cut here, because ${limit.because}; all of it is in report.html._\n`;
  const room = limit.bytes - Buffer.byteLength(note);
  const kept: string[] = [];
  let size = 0;
  for (const line of lines) {
    size += Buffer.byteLength(line) + 1;
    if (size > room) return `${kept.join('\n')}\n${note}`;
    kept.push(line);
  }
  return `${kept.join('\n')}\n`;
}
