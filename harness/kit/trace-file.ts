/**
 * Reads a recorded trace of cache requests: CSV with time, key, operation, size and TTL, or without a header line in
 * the format of Twitter's public cache traces (timestamp, anonymised key, key size, value size, client id, operation,
 * TTL; Yang, Yue, Rashmi, OSDI 2020). A file that is only half understood would be another workload under the same
 * name, so lines that make no sense are refused, with their numbers.
 */
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import { HarnessError, messageOf } from '../contract/errors.ts';

export interface Trace {
  /** Ms from the first request, not going back. */
  atMs: Float64Array;
  /** Keys as numbers, from 0 in order of appearance. */
  keys: Uint32Array;
  /** 1 for a write. */
  writes: Uint8Array;
  distinctKeys: number;
  writeCount: number;
  durationMs: number;
  /** Mean size of a value in bytes over the lines that give one; null where none does. */
  valueBytes: number | null;
  /** The TTL in seconds that most writes carry; null where none has one. */
  ttlSec: number | null;
}

const READS: ReadonlySet<string> = new Set(['get', 'gets']);
/** Everything that changes the value: a cache in front of a database sees each of them as a write of the row. */
const WRITES: ReadonlySet<string> = new Set([
  'set',
  'add',
  'replace',
  'cas',
  'append',
  'prepend',
  'incr',
  'decr',
  'delete',
]);
const TWITTER = ['time', 'key', 'key_size', 'size', 'client', 'operation', 'ttl'];
/** Other names for the columns that are used. */
const NAMES: Readonly<Record<string, string>> = {
  timestamp: 'time',
  value_size: 'size',
  op: 'operation',
  'anonymized key': 'key',
  'value size': 'size',
};
const NEEDED = ['time', 'key', 'operation'];
const CHUNK_BYTES = 1 << 20;
const MAX_TOLD = 5;

let latest: { name: string; trace: Trace } | null = null;

/**
 * Requests that share a timestamp of whole seconds are spread evenly over their second; finer times are kept.
 *
 * @param file path
 * @param maxRequests lines at most, from the start
 * @throws HarnessError BAD_PARAMETER where the file cannot be read, holds no request, or has lines that make no sense
 */
export function readTrace(file: string, maxRequests: number): Trace {
  try {
    const { mtimeMs, size } = statSync(file);
    const name = `${file} ${mtimeMs} ${size} ${maxRequests}`;
    // A plan is made, checked and explained in one process, and each of them needs the same trace.
    if (latest?.name !== name) latest = { name, trace: parse(file, maxRequests) };
    return latest.trace;
  } catch (cause) {
    if (cause instanceof HarnessError) throw cause;
    throw new HarnessError('BAD_PARAMETER', `the trace ${file} cannot be read: ${messageOf(cause)}`, { cause });
  }
}

function parse(file: string, maxRequests: number): Trace {
  const seconds: number[] = [];
  const keys: number[] = [];
  const writes: number[] = [];
  const numbers = new Map<string, number>();
  const ttls = new Map<number, number>();
  const bad: string[] = [];
  let badCount = 0;
  let columns: Map<string, number> | null = null;
  let sizes = { sum: 0, count: 0 };
  let lineNumber = 0;
  for (const line of linesOf(file)) {
    lineNumber += 1;
    if (line.trim() === '' || line.startsWith('#')) continue;
    const cells = line.split(',').map((cell) => cell.trim());
    if (columns === null) {
      const header = headerOf(cells, file);
      columns = header ?? new Map(TWITTER.map((name, i) => [name, i]));
      if (header !== null) continue;
    }
    if (seconds.length >= maxRequests) break;
    const cell = (name: string): string => cells[columns!.get(name) ?? -1] ?? '';
    const problem = problemOf(cells.length, columns, cell, seconds.at(-1) ?? 0);
    if (problem !== null) {
      badCount += 1;
      if (bad.length < MAX_TOLD) bad.push(`${file}:${lineNumber}: ${problem}`);
      continue;
    }
    const isWrite = WRITES.has(cell('operation').toLowerCase());
    const key = cell('key');
    const number = numbers.get(key) ?? numbers.size;
    numbers.set(key, number);
    seconds.push(Number(cell('time')));
    keys.push(number);
    writes.push(isWrite ? 1 : 0);
    // A miss is written with the size 0.
    if (Number(cell('size')) > 0) sizes = { sum: sizes.sum + Number(cell('size')), count: sizes.count + 1 };
    const ttl = Number(cell('ttl'));
    if (isWrite && ttl > 0) ttls.set(ttl, (ttls.get(ttl) ?? 0) + 1);
  }
  if (badCount > 0)
    throw new HarnessError(
      'BAD_PARAMETER',
      `${badCount} line${badCount === 1 ? '' : 's'} of the trace cannot be used:\n${bad.join('\n')}${badCount > MAX_TOLD ? '\n…' : ''}`,
      {
        hint: `columns are ${TWITTER.join(', ')}, or those that a header line names (${NEEDED.join(', ')}, size, ttl)`,
      },
    );
  if (seconds.length === 0) throw new HarnessError('BAD_PARAMETER', `the trace ${file} holds no request`);
  const { atMs, durationMs } = spread(seconds);
  return {
    atMs,
    keys: Uint32Array.from(keys),
    writes: Uint8Array.from(writes),
    distinctKeys: numbers.size,
    writeCount: writes.reduce((sum, one) => sum + one, 0),
    durationMs,
    valueBytes: sizes.count === 0 ? null : sizes.sum / sizes.count,
    ttlSec: [...ttls].toSorted((a, b) => b[1] - a[1] || a[0] - b[0])[0]?.[0] ?? null,
  };
}

/** The columns that a header line names; null where the first line is a request. */
function headerOf(cells: readonly string[], file: string): Map<string, number> | null {
  if (/^\d/.test(cells[0] ?? '')) return null;
  const columns = new Map(cells.map((cell, i) => [NAMES[cell.toLowerCase()] ?? cell.toLowerCase(), i]));
  const missing = NEEDED.filter((name) => !columns.has(name));
  if (missing.length === 0) return columns;
  throw new HarnessError('BAD_PARAMETER', `${file}:1: no request, and a header without ${missing.join(', ')}`, {
    hint: `name the columns, for example time,key,operation,size,ttl`,
  });
}

function problemOf(
  count: number,
  columns: ReadonlyMap<string, number>,
  cell: (name: string) => string,
  latestSec: number,
): string | null {
  if (count !== columns.size) return `${count} columns instead of ${columns.size}`;
  const time = cell('time');
  if (!/^\d+(\.\d+)?$/.test(time)) return `'${time.slice(0, 40)}' is not a time in seconds`;
  if (Number(time) < latestSec) return `the time goes back from ${latestSec} to ${time}`;
  if (cell('key') === '') return 'no key';
  const operation = cell('operation').toLowerCase();
  if (!READS.has(operation) && !WRITES.has(operation)) return `'${operation.slice(0, 40)}' is not an operation`;
  for (const name of ['size', 'ttl'])
    if (columns.has(name) && !/^\d*(\.\d+)?$/.test(cell(name))) return `'${cell(name).slice(0, 40)}' is not a ${name}`;
  return null;
}

function spread(seconds: readonly number[]): { atMs: Float64Array; durationMs: number } {
  const first = seconds[0]!;
  const whole = seconds.every(Number.isInteger);
  const atMs = new Float64Array(seconds.length);
  for (let from = 0; from < seconds.length;) {
    let to = from;
    while (to < seconds.length && seconds[to] === seconds[from]) to += 1;
    for (let i = from; i < to; i++)
      atMs[i] = (seconds[from]! - first) * 1000 + (whole ? ((i - from + 0.5) * 1000) / (to - from) : 0);
    from = to;
  }
  return { atMs, durationMs: (seconds.at(-1)! - first) * 1000 + (whole ? 1000 : 1) };
}

/** Lines one by one: traces are larger than a string may be. */
function* linesOf(file: string): Generator<string> {
  const descriptor = openSync(file, 'r');
  try {
    const decoder = new StringDecoder('utf8');
    const chunk = Buffer.alloc(CHUNK_BYTES);
    let rest = '';
    for (;;) {
      const read = readSync(descriptor, chunk, 0, CHUNK_BYTES, null);
      if (read === 0) break;
      const lines = (rest + decoder.write(chunk.subarray(0, read))).split('\n');
      rest = lines.pop()!;
      yield* lines;
    }
    rest += decoder.end();
    if (rest !== '') yield rest;
  } finally {
    closeSync(descriptor);
  }
}
