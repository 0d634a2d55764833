/**
 * Values above a size are stored compressed. What is around the value stays readable, so that scripts inside the
 * server still judge version and TTL; nobody else sees a difference but in bytes on the wire, in memory, and in the
 * processor time that it takes.
 *
 * Measured on random words with Node 24, µs of processor time to store and to read, JSON included (zstd level 3):
 *
 * |        | stored  | as it is | zstd sync  | zstd async  | gzip sync  |
 * |--------|---------|----------|------------|-------------|------------|
 * | 4 kB   | 2.2 kB  | 13 + 6   | 118 + 58   | 432 + 287   | 108 + 38   |
 * | 20 kB  | 9.1 kB  | 57 + 16  | 337 + 121  | 480 + 208   | 530 + 97   |
 * | 100 kB | 36.7 kB | 319 + 62 | 1446 + 377 | 1633 + 634  | 3180 + 466 |
 *
 * Handing small values to another thread costs more than compressing them, which is why `sync` is the default; from
 * about 100 kB on the hand-over hardly counts, and a synchronous call holds up all other requests for a millisecond.
 */
import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import type { Entry } from '../../harness/contract/store.ts';
import { z } from 'zod';
import { type EntryCodec, jsonCodec } from './_codec.ts';

export const COMPRESSIONS = ['zstd', 'gzip'] as const;
type Compression = (typeof COMPRESSIONS)[number];

export interface CompressionOptions {
  /** Values whose JSON has fewer bytes than this are stored as they are; default 1024. */
  aboveBytes?: number;
  /** Default `zstd`. */
  compression?: Compression;
  /** Of the algorithm: zstd 1 to 22 (default 3), gzip 0 to 9 (default 6). */
  level?: number;
  /** `sync` on the calling thread, `async` on a worker thread; default `sync`. */
  mode?: 'sync' | 'async';
  /** Told of each value that was compressed. */
  onCompressed?(bytes: { before: number; after: number }): void;
}

/** Stands between the readable front and the compressed value: JSON text never holds a bare line end. */
const LINE_END = 0x0a;

interface Algorithm {
  compress(raw: Buffer): Buffer | Promise<Buffer>;
  decompress(bytes: Buffer): Buffer | Promise<Buffer>;
}

function algorithmOf(compression: Compression, level: number | undefined, mode: 'sync' | 'async'): Algorithm {
  const zstd = level === undefined ? {} : { params: { [zlib.constants.ZSTD_c_compressionLevel]: level } };
  const gzip = level === undefined ? {} : { level };
  if (mode === 'sync')
    return compression === 'zstd'
      ? {
          compress: (raw) => zlib.zstdCompressSync(raw, zstd),
          decompress: (bytes) => zlib.zstdDecompressSync(bytes),
        }
      : { compress: (raw) => zlib.gzipSync(raw, gzip), decompress: (bytes) => zlib.gunzipSync(bytes) };
  const unzstd = promisify<Buffer, Buffer>(zlib.zstdDecompress);
  const ungzip = promisify<Buffer, Buffer>(zlib.gunzip);
  const toZstd = promisify<Buffer, zlib.ZstdOptions, Buffer>(zlib.zstdCompress);
  const toGzip = promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.gzip);
  return compression === 'zstd'
    ? { compress: (raw) => toZstd(raw, zstd), decompress: unzstd }
    : { compress: (raw) => toGzip(raw, gzip), decompress: ungzip };
}

/**
 * A codec that compresses large values and leaves the rest to `inner`. What was stored without it, or with another
 * size, level or algorithm, is read all the same.
 *
 * @example createRedisStore(redis, { codec: compressing(jsonCodec, { aboveBytes: 4096 }) })
 */
export function compressing(inner: EntryCodec, options: CompressionOptions = {}): EntryCodec {
  const { aboveBytes = 1024, compression = 'zstd', level, mode = 'sync', onCompressed } = options;
  const chosen = algorithmOf(compression, level, mode);
  const others = new Map(COMPRESSIONS.map((one) => [one as string, algorithmOf(one, undefined, mode)]));

  async function open<T>(bytes: Buffer, at: number): Promise<Entry<T> | null> {
    try {
      const front = await inner.decode<string>(bytes.subarray(0, at));
      const algorithm = front === null ? undefined : others.get(front.value);
      if (!front || !algorithm) return null;
      const value = JSON.parse((await algorithm.decompress(bytes.subarray(at + 1))).toString('utf8')) as T;
      return { ...front, value };
    } catch {
      return null; // Damaged: as good as nothing.
    }
  }

  return {
    binary: true,
    async encode(entry) {
      const raw = Buffer.from(JSON.stringify(entry.value) ?? 'null');
      if (raw.length < aboveBytes) return inner.encode(entry);
      const packed = await chosen.compress(raw);
      const front = Buffer.from(await inner.encode({ ...entry, value: compression }));
      // What does not get smaller is kept as it is.
      if (packed.length >= raw.length) return inner.encode(entry);
      onCompressed?.({ before: raw.length, after: packed.length });
      return Buffer.concat([front, Buffer.of(LINE_END), packed]);
    },
    decode<T>(bytes: string | Buffer) {
      const buffer = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
      const at = buffer.indexOf(LINE_END);
      return at === -1 ? inner.decode<T>(buffer) : open<T>(buffer, at);
    },
  };
}

/** Parameters for every store that keeps bytes. */
export const compressionParameters = {
  compressAboveBytes: z
    .number()
    .int()
    .nonnegative()
    .default(0)
    .describe('Values whose JSON has at least this many bytes are compressed; 0 compresses none'),
  compression: z.enum(COMPRESSIONS).default('zstd').describe('How large values are compressed'),
  compressionMode: z
    .enum(['sync', 'async'])
    .default('sync')
    .describe('On the calling thread, cheaper below about 100 kB, or on a worker thread, which holds up nobody'),
};

/** The codec that a store with {@link compressionParameters} asks for. */
export function codecFor(parameters: z.output<z.ZodObject<typeof compressionParameters>>): EntryCodec {
  const { compressAboveBytes, compression, compressionMode } = parameters;
  if (compressAboveBytes === 0) return jsonCodec;
  return compressing(jsonCodec, { aboveBytes: compressAboveBytes, compression, mode: compressionMode });
}
