/** What is known of writes and of what readers saw of them: from the database, the service and the cache, after the drain. */
import type { WriteHistory } from './target.ts';

/** A key that was read once more, after every load that could still fill had ended. */
export interface ReadAtEnd {
  key: number;
  instance: number;
  /** That the instance answered with; null where it told none. */
  served: number | null;
  /** Of the row at that time. */
  row: number;
}

export interface Coherence {
  history: WriteHistory;
  /** The database's clock minus the harness's, ms; with half a round trip as its uncertainty. */
  clockDifferenceMs: number;
  clockUncertaintyMs: number;
  /** One for every written key and instance, up to a limit. */
  atEnd: ReadAtEnd[];
  /** Writes acknowledged and still queued when the drain ended. */
  pending: number;
  deadLetters: number;
  /** Acknowledged writes that may be missing, at most, after the cache has lost its memory; as the service states it. */
  lossBound: number;
  /** From commit until the cache was told, worst p99 over the instances; null where the service tells none. */
  lagP99Ms: number | null;
}
