/**
 * A result as text. The last gate before the disk: passwords in any text are replaced, and numbers that JSON does not
 * know become null, so that whatever a part of the harness did, the file can be read back and published.
 */
import type { StoredResult } from '../contract/result.ts';
import { redact } from '../kit/redact.ts';

/** Encoded histograms are long, many, and hold no text. */
const OPAQUE_KEYS = new Set(['hdr']);

/** JSON with one top-level field a line: half the size of indented text, and still something that a diff can show. */
export function serialiseResult(result: StoredResult): string {
  const fields = Object.entries(result).map(
    ([key, value]) => `${JSON.stringify(key)}: ${JSON.stringify(value, clean)}`,
  );
  return `{\n${fields.join(',\n')}\n}\n`;
}

function clean(key: string, value: unknown): unknown {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value === 'string') return OPAQUE_KEYS.has(key) ? value : redact(value);
  return value;
}
