/** A queue in memory with the semantics of the Redis stream and of the outbox table, on whatever clock it is given. */
import type { Clock } from '../../harness/contract/time.ts';
import type { QueuedMessage, WorkQueue } from '../../harness/contract/write.ts';

const POLL_MS = 5;

interface Waiting extends QueuedMessage {
  /** When it was handed out last, epoch ms; never where not yet. */
  takenAtMs: number;
}

/** What a test may do to the queue from outside. */
export interface MemoryQueue extends WorkQueue {
  /** Forgets everything that waits, as a server does that comes back without its memory. */
  lose(): void;
  readonly buried: readonly { body: Record<string, unknown>; reason: string }[];
  /** For an outbox: appended when the change is committed, whatever becomes of its writer. */
  put(body: Record<string, unknown>): void;
}

export function createMemoryQueue(clock: Clock): MemoryQueue {
  let waiting: Waiting[] = [];
  const buried: { body: Record<string, unknown>; reason: string }[] = [];
  let last = 0;

  function put(body: Record<string, unknown>): void {
    const id = String((last += 1));
    // As over the wire: who appends and who takes do not share an object.
    waiting.push({ id, body: structuredClone(body), deliveries: 0, appendedAtMs: clock.nowMs(), takenAtMs: -Infinity });
  }
  function drop(ids: readonly string[]): void {
    const gone = new Set(ids);
    waiting = waiting.filter(({ id }) => !gone.has(id));
  }

  return {
    buried,
    put,
    lose: () => void (waiting = []),
    append(body, most = Infinity) {
      if (waiting.length >= most) return Promise.resolve(false);
      put(body);
      return Promise.resolve(true);
    },
    async take({ most, waitMs, takeOverMs }, signal) {
      const untilMs = clock.nowMs() + waitMs;
      for (;;) {
        const nowMs = clock.nowMs();
        const taken = waiting.filter((one) => nowMs - one.takenAtMs >= takeOverMs).slice(0, most);
        for (const one of taken) {
          one.takenAtMs = nowMs;
          one.deliveries += 1;
        }
        if (taken.length > 0 || nowMs >= untilMs || signal?.aborted) return taken.map((one) => ({ ...one }));
        await clock.sleep(Math.min(POLL_MS, untilMs - nowMs), signal).catch(() => undefined);
      }
    },
    acknowledge: (ids) => Promise.resolve(drop(ids)),
    bury({ id, body }, reason) {
      drop([id]);
      buried.push({ body, reason });
      return Promise.resolve();
    },
    length: () => Promise.resolve(waiting.length),
    deadLetters: () => Promise.resolve(buried.length),
  };
}
