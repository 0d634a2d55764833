/**
 * How an entry becomes bytes. Version and end of the TTL stand at the front of the text, where scripts inside a server
 * find them without decoding the rest; a codec that changes the value leaves that front as it is.
 */
import type { Entry } from '../../harness/contract/store.ts';

type Bytes = string | Buffer;

export interface EntryCodec {
  /** True where what it makes is not always text, and must be read back as bytes. */
  readonly binary: boolean;
  encode(entry: Entry<unknown>): Bytes | Promise<Bytes>;
  /** Null for what is no entry: that is as good as nothing, and is loaded again and overwritten. */
  decode<T>(bytes: Bytes): Entry<T> | null | Promise<Entry<T> | null>;
}

/** `[version, expiresAtMs, storedAtMs, recomputeMs, key, value]`, and a 1 at the end of a marker. */
type Fields = [number, number, number, number, string, unknown, 1?];

const ABSENT = 1;

function encode(entry: Entry<unknown>): string {
  const { version, expiresAtMs, storedAtMs, recomputeMs, key, value } = entry;
  const fields: Fields = [version, expiresAtMs, storedAtMs, recomputeMs, key, value];
  if (entry.absent) fields.push(ABSENT);
  return JSON.stringify(fields);
}

function decode<T>(text: string): Entry<T> | null {
  let fields: unknown;
  try {
    fields = JSON.parse(text);
  } catch {
    return null;
  }
  if (!Array.isArray(fields) || (fields.length !== 6 && fields[6] !== ABSENT)) return null;
  const [version, expiresAtMs, storedAtMs, recomputeMs, key, value] = fields as Fields;
  const entry = { version, expiresAtMs, storedAtMs, recomputeMs, key, value: value as T };
  return fields.length === 6 ? entry : { ...entry, absent: true };
}

/** Entries as JSON text. */
export const jsonCodec: EntryCodec = {
  binary: false,
  encode,
  decode: <T>(bytes: Bytes) => decode<T>(typeof bytes === 'string' ? bytes : bytes.toString('utf8')),
};
