/** What a simulated process is given, and what it is asked for. */
import type { Answer, Loaded, LoadEvent, Loader } from '../contract/defence.ts';
import type { Store } from '../contract/store.ts';
import type { Clock, Log, Random } from '../contract/time.ts';
import type { SimulatedRow } from './database.ts';

/** All that a reader may touch. */
export interface Surroundings {
  store: Store;
  clock: Clock;
  random: Random;
  log: Log;
  /** Names this life of this process. */
  instance: string;
  loader: Loader<SimulatedRow>;
  onLoad(event: LoadEvent): void;
  /**
   * An operation on what lies beside the values in the cache's server, over the same connection.
   *
   * @param waitMs how long the operation itself may wait there
   */
  atCache<R>(operation: () => Promise<R>, waitMs?: number): Promise<R>;
  /** The same for what lies beside the rows in the database, which is never away. */
  atDatabase<R>(operation: () => Promise<R>, waitMs?: number): Promise<R>;
  /** The rows, for those who write. */
  rows: {
    /** Commits the next version of a row; `onCommit` is part of the transaction. */
    write(key: string, onCommit?: (version: number) => void): Promise<Loaded<SimulatedRow>>;
    /** Raises rows to versions that were given out elsewhere; all of them, or none where `check` throws. */
    raise(rows: readonly SimulatedRow[], check?: () => void): Promise<void>;
    /** The committed version, at no price. */
    versionOf(key: string): number;
  };
}

/** What is simulated; a `Reader` of the targets is one. */
export interface SimulatedReader {
  read(key: string): Promise<Answer<SimulatedRow>>;
  invalidate(key: string): Promise<void>;
  /** Writes and resolves to the version once the write may be acknowledged; database, then `invalidate` where absent. */
  write?(key: string): Promise<number>;
  /** A write through this reader is committed, and the cache was told. */
  written?(key: string): void;
  start?(): Promise<void>;
  /** Traffic comes to this process when this has settled; must not reject. */
  beforeTraffic?(): Promise<void>;
  /** Ends what runs beside the reads; called at the end of the simulation on those that live. */
  close?(): Promise<void>;
}
