/**
 * What a toxic is to a link: a stage in a chain that takes chunks, holds or changes them, and hands them on. Chunks
 * are pushed synchronously, so a stage can be put in or taken out between two chunks without a race, and order is
 * kept by construction.
 */
import type { Random } from '../../contract/time.ts';

/** A piece of a stream. Its bytes are never looked at. */
export interface Chunk {
  data: Buffer;
  /** When it was received, or would have been sent by the stage before; ms of `performance.now()`. */
  atMs: number;
}

/** Where a stage's output goes: the next stage, or the socket at the end. */
export interface Sink {
  write(chunk: Chunk): void;
  /** No more chunks: closes the connection when it reaches the end of the chain. */
  end(): void;
}

/** A toxic's settings: whole numbers by name, as in Toxiproxy's documentation. */
export type Attributes = Readonly<Record<string, number>>;

/** What a stage may ask of its link. */
export interface StageContext {
  /** Seeded for this link and this toxic. */
  random: Random;
  /** Tells that the toxic has really changed this connection. */
  touch(): void;
  /** Tells that what was held has become less, so that reading may go on. */
  relieved(): void;
  /** Resets both sockets of the connection (RST). */
  reset(): void;
}

/** A running toxic on one link. */
export interface Stage extends Sink {
  next: Sink;
  /** True while it holds so much that the source must wait. */
  readonly full: boolean;
  update(attributes: Attributes): void;
  /** Hands on at once everything held, and a pending end; the stage is out of the chain afterwards. */
  release(): void;
  /** Forgets everything held, stops timers. */
  dispose(): void;
}

/** A kind of toxic. */
export interface ToxicType {
  /** Names of the attributes; each is a whole number, 0 when not given. */
  attributes: readonly string[];
  /** Why these values must not be used (they crash or hang a real Toxiproxy), or null. */
  refuse?(attributes: Attributes): string | null;
  /** Null for a type that does nothing. */
  start(attributes: Attributes, context: StageContext): Stage | null;
  /** True when taking it away closes the link, whether or not the toxic had been drawn for it. */
  removalCloses?: boolean;
}

/** A sink for a stage that is not yet in a chain. */
export const nowhere: Sink = { write: () => {}, end: () => {} };
