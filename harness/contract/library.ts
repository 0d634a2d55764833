/**
 * A cache library that people install, behind the few calls that every one of them has. The adapter is one file in
 * `targets/libraries/`; the library itself is an optional peer, so an adapter imports it only when it is opened.
 */

/** What the loader of a library returns and the library stores: a version that grows with each write, and a body. */
export interface LibraryValue {
  version: number;
  body: string;
}

/** All that an adapter is given. */
export interface LibraryContext {
  /** `redis://host:port` of the second tier. */
  redisUrl: string;
  /** Prefix of this run's keys and channels, so that two openings share a cache and two runs do not. */
  namespace: string;
  /** Lifetime of a value, ms, a multiple of 1,000 because one library counts whole seconds. */
  ttlMs: number;
  /** Time limit of one Redis command, ms, where the library's client has one. */
  commandTimeoutMs: number;
  /** Time limit of one load, ms, where the library has one. */
  loadTimeoutMs: number;
  /** Asks the database. Rejects where the database fails; may never settle. */
  loader(key: string): Promise<LibraryValue>;
}

/** One opened instance, as one process of a service would hold it. */
export interface LibraryCache {
  /**
   * Reads through the cache. Resolves to undefined where the library answers without a value; rejects as the library
   * does.
   */
  read(key: string): Promise<LibraryValue | undefined>;
  /** Removes the key as the library's documentation says after a write. Rejects as the library does. */
  delete(key: string): Promise<void>;
  /** Ends connections and timers. */
  close(): Promise<void>;
}

export interface Library {
  /** Equals the file's name. */
  id: string;
  title: string;
  /** What it is, which settings are used and why, what is left out. */
  prose: string;
  /** Where its documentation says so. */
  source: string;
  /** npm packages that the adapter imports; the first is the library itself. */
  packages: readonly [string, ...string[]];
  /** The Redis client underneath, whose version belongs to a finding. */
  client: 'ioredis' | '@redis/client';
  /**
   * Imports the library and opens one instance, connected.
   *
   * @throws HarnessError `ENVIRONMENT_UNAVAILABLE` where a package is not installed
   */
  create(context: LibraryContext): Promise<LibraryCache>;
}

/** Declares a library. A file in `targets/libraries/` exports the result as its default. */
export function defineLibrary(library: Library): Library {
  return library;
}
