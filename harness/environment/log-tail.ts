/** Reads what a started process has written to its log since it was started, to see that it is ready or why not. */
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { redact } from '../kit/redact.ts';

/** The size of a file, 0 where there is none. */
export function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** The text of a file from an offset on, at most the last 64 KiB of it. */
export function readFrom(path: string, offset: number): string {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return '';
  }
  try {
    const { size } = fstatSync(file);
    const from = Math.max(offset, size - 65_536);
    const buffer = Buffer.alloc(Math.max(0, size - from));
    return buffer.toString('utf8', 0, readSync(file, buffer, 0, buffer.length, from));
  } finally {
    closeSync(file);
  }
}

/** The last lines of a log without passwords, for an error message. */
export function lastLines(text: string, count = 12): string {
  const lines = redact(text.trimEnd()).split('\n').slice(-count);
  return lines.join('\n').trim() === '' ? '(it wrote nothing)' : lines.join('\n');
}
