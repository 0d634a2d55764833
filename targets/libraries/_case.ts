/** What a case of the library suite is: an exact test that yields measured facts, not merely pass or fail. */
import type { LibraryCache } from '../../harness/contract/library.ts';
import type { CaseDatabase } from './_database.ts';

/** Lifetime of values in the cases, ms; whole seconds, because one library counts in them. */
export const CASE_TTL_MS = 3000;
/** Time limit of one Redis command, ms, where the client has one: never met by a Redis that works. */
export const COMMAND_TIMEOUT_MS = 5000;
/** The same while Redis is away. */
export const OUTAGE_COMMAND_TIMEOUT_MS = 500;
/** Time limit of one load, ms, where the library has one. */
export const LOAD_TIMEOUT_MS = 2000;

/** Facts by name. Null where there was nothing to measure. */
export type Facts = Record<string, number | boolean | null>;

export interface FactColumn {
  fact: string;
  title: string;
  unit?: 'ms';
}

/** The Redis of a case, which it may break. */
export interface BreakableRedis {
  /** No answers, connections stay open. */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  /** Connections are refused. */
  stop(): Promise<void>;
  /** An empty one on the same port. */
  restart(): Promise<void>;
}

export interface CaseWorld {
  database: CaseDatabase;
  redis: BreakableRedis;
  /** Opens an instance with its own connections on the same keys; the case closes none. */
  open(): Promise<LibraryCache>;
}

export interface CaseDescription {
  id: string;
  title: string;
  /** The exact test, in words. */
  prose: string;
  columns: readonly FactColumn[];
  /** Whether its facts are counts, which a busy machine hardly changes, or times. */
  about: 'counts' | 'times';
  /** What is noteworthy about these facts, as the rest of a sentence; null where nothing is. */
  finding(facts: Facts): string | null;
}

/** Joins what there is to say; null where there is nothing. */
export function sayAll(...parts: readonly (string | false | null)[]): string | null {
  const said = parts.filter((part) => typeof part === 'string');
  return said.length === 0 ? null : said.join(', ');
}

/** Facts with how long the processes that made them waited for a core, ms; null where the system does not tell. */
export interface MeasuredFacts {
  facts: Facts;
  starvedMs: number | null;
}

export interface LibraryCase extends CaseDescription {
  /** Default {@link COMMAND_TIMEOUT_MS}. */
  commandTimeoutMs?: number;
  run(world: CaseWorld): Promise<Facts>;
}
