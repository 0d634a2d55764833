/**
 * What the orchestrator and its generator processes say to each other over IPC. All times in these messages are epoch
 * milliseconds; inside a generator they are milliseconds from the start of the load.
 */
import type { HistogramRecord, LoadSlots, LoadSpec, PhaseName, VersionReads, WriteRecord } from '../contract/load.ts';

/** What a generator process can be told before there is a target. */
export interface GeneratorShare {
  spec: LoadSpec;
  /** Which of the processes this is, from 0. */
  process: number;
  processes: number;
}

/** All that a generator process needs to know. */
export interface GeneratorOrder extends GeneratorShare {
  baseUrls: readonly string[];
}

export type ToGenerator =
  | { type: 'warm'; share: GeneratorShare }
  | { type: 'prepare'; order: GeneratorOrder }
  | { type: 'go'; startedAtMs: number }
  | { type: 'mark'; phase: PhaseName; atMs: number }
  | { type: 'stop' };

export type FromGenerator =
  | { type: 'ready' }
  | { type: 'progress'; progress: ProgressReport }
  | { type: 'failed'; message: string }
  | { type: 'report'; report: GeneratorReport };

/** Counts since the last progress report. */
export interface ProgressReport {
  offered: number;
  completed: number;
  /** Since the start. */
  errors: number;
  latencyCounts: number[];
}

/** What one generator process saw. */
export interface GeneratorReport {
  endedAtMs: number;
  slots: LoadSlots;
  histograms: HistogramRecord[];
  writes: WriteRecord[];
  versionReads?: VersionReads;
  examples: Example[];
  /** Scheduling lag as an encoded histogram. */
  lagHdr: string;
  /** CPU used for other than waiting, as a share of one core, by second. */
  cpuShares: number[];
  connectionsOpened: number;
  connectionsReplaced: number;
  interrupted: boolean;
}

/** A wrong answer or error, shown as text. */
export interface Example {
  atMs: number;
  text: string;
}
