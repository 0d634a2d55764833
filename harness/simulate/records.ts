/** What is told of a simulation while it runs. */
import type { Answer, LoadEvent } from '../contract/defence.ts';
import type { QueryTimes, SimulatedRow } from './database.ts';
import type { StoreObserver } from './network.ts';

/** A read, reported when it ended. */
export interface ReadRecord {
  key: string;
  instance: number;
  process: string;
  startedAtMs: number;
  endedAtMs: number;
  answer: Answer<SimulatedRow> | null;
  /** What the read rejected with; null where it was answered. */
  error: Error | null;
}

/** A write with its invalidation, reported when both are done. */
export interface WriteRecord {
  key: string;
  process: string;
  version: number;
  startedAtMs: number;
  acknowledgedAtMs: number;
}

export interface CrashRecord {
  process: string;
  atMs: number;
  step: number;
}

export interface Observer extends StoreObserver {
  read?(read: ReadRecord): void;
  written?(write: WriteRecord): void;
  crashed?(crash: CrashRecord): void;
  queried?(query: QueryTimes): void;
  load?(event: LoadEvent, process: string): void;
}

/** A read that had not ended when the drain was over, although its process lived. */
export interface UnfinishedRead {
  key: string;
  process: string;
  startedAtMs: number;
}
