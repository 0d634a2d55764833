/**
 * Remembers the loads of this instance, so that a probe can count loads per expiry and see how many ran at once. A
 * ring of fixed size: when nobody asks for too long, the oldest are lost, and the answer says so.
 */
import type { LoadEvent, Loader } from '../../harness/contract/defence.ts';
import type { ServiceProbeAnswer } from '../../harness/contract/target.ts';

/** Loads that are kept for a late reader. */
const KEPT_LOADS = 65_536;

export interface LoadLog {
  /** Keeps a load that has ended. */
  record(event: LoadEvent): void;
  /** Counts the loads that are under way. */
  watch<T>(loader: Loader<T>): Loader<T>;
  /** Loads after number `since`, as columns. */
  since(since: number): Pick<ServiceProbeAnswer, 'lastLoad' | 'loads' | 'lostLoads'>;
  /** Loads under way now, and the most for one key since the last call. */
  inFlight(): { now: number; maxPerKey: number };
  /** Totals since start. */
  byCause(): Readonly<Record<string, number>>;
}

/**
 * @param size loads to keep
 */
export function createLoadLog(size: number = KEPT_LOADS): LoadLog {
  const ring: LoadEvent[] = [];
  const perKey = new Map<string, number>();
  const causes: Record<string, number> = {};
  let last = 0;
  let now = 0;
  let maxPerKey = 0;

  return {
    record(event) {
      last += 1;
      ring[(last - 1) % size] = event;
      causes[event.cause] = (causes[event.cause] ?? 0) + 1;
    },
    watch: (loader) => async (key, signal) => {
      const count = (perKey.get(key) ?? 0) + 1;
      perKey.set(key, count);
      now += 1;
      if (count > maxPerKey) maxPerKey = count;
      try {
        return await loader(key, signal);
      } finally {
        now -= 1;
        const left = (perKey.get(key) ?? 1) - 1;
        if (left === 0) perKey.delete(key);
        else perKey.set(key, left);
      }
    },
    since(since) {
      const oldest = Math.max(0, last - size);
      // A number from the future means that this instance is younger than its reader thinks: begin anew. The largest
      // number of all is how a reader asks for none.
      const asked = since === Number.MAX_SAFE_INTEGER ? last : since > last ? 0 : since;
      const loads: ServiceProbeAnswer['loads'] = {
        key: [],
        cause: [],
        wantedAtMs: [],
        startedAtMs: [],
        endedAtMs: [],
        ok: [],
        filled: [],
      };
      for (let number = Math.max(asked, oldest); number < last; number++) {
        const event = ring[number % size]!;
        loads.key.push(event.key);
        loads.cause.push(event.cause);
        loads.wantedAtMs!.push(event.wantedAtMs ?? event.startedAtMs);
        loads.startedAtMs.push(event.startedAtMs);
        loads.endedAtMs.push(event.endedAtMs);
        loads.ok.push(event.ok);
        loads.filled.push(event.filled);
      }
      return { lastLoad: last, loads, lostLoads: asked < oldest };
    },
    inFlight() {
      const seen = maxPerKey;
      maxPerKey = 0;
      for (const count of perKey.values()) if (count > maxPerKey) maxPerKey = count;
      return { now, maxPerKey: seen };
    },
    byCause: () => causes,
  };
}
