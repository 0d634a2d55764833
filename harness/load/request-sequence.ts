/**
 * The one global sequence of requests of a run: (time, operation, key, user) by arrival index. Every generator
 * process draws all of it and keeps what is dealt to it (arrival i goes to process i mod P), so the sequence depends
 * on the seed alone and not on the number of processes.
 */
import type { LoadSpec } from '../contract/load.ts';
import { seededRandom } from '../kit/random.ts';
import { createArrivals, type Arrivals } from './arrivals.ts';
import { createKeys } from './key-streams.ts';
import { ReplaySource } from './replay.ts';
import { createPicker } from './weighted-pick.ts';

export class RequestSequence {
  /** Position in the global sequence, from 0. */
  index = -1;
  /** Intended arrival, ms from the start of the load; Infinity after the last, 0 where the sequence has no times. */
  atMs = 0;
  segment = 0;
  /** Index into `spec.operations`. */
  operation = 0;
  key = 0;
  user = 0;

  readonly #replay: ReplaySource | null;
  readonly #arrivals: Arrivals | null;
  /** Which operations there are may differ from segment to segment; the draws come from one stream all the same. */
  readonly #pickOperation: readonly (() => number)[];
  readonly #keys: readonly (() => number)[];
  readonly #pickUser: () => number;
  readonly #process: number;
  readonly #processes: number;

  /**
   * @param process which generator process this is, from 0
   * @param processes how many there are
   * @param timed false for a closed loop, which has no arrival times and no end
   * @throws HarnessError BAD_PARAMETER when a key stream or the weights make no sense
   */
  constructor(spec: LoadSpec, process: number, processes: number, timed: boolean) {
    this.#process = process;
    this.#processes = processes;
    this.#replay = timed && spec.replay ? new ReplaySource(spec) : null;
    this.#arrivals = timed ? createArrivals(spec.arrivals, spec.segments, seededRandom(spec.seed, 'arrivals')) : null;
    const random = seededRandom(spec.seed, 'operations');
    this.#pickOperation = spec.segments.map(({ name }) => {
      const weights = spec.operations.map(({ weight, segments }) =>
        !timed || (segments?.includes(name) ?? true) ? weight : 0,
      );
      return createPicker(weights, random, `operations in the segment ${name}`);
    });
    this.#keys = spec.operations.map((operation, i) =>
      createKeys(operation.keys, spec.seed, `keys:${i}:${operation.operation}`),
    );
    const users = seededRandom(spec.seed, 'users');
    this.#pickUser = () => Math.floor(users.next() * spec.users);
  }

  /** Moves on to this process's next request and returns whether there is one. */
  next(): boolean {
    do {
      this.index += 1;
      if (this.#replay !== null) {
        const more = this.#replay.next();
        this.atMs = this.#replay.atMs;
        if (!more) return false;
        this.segment = this.#replay.segment;
        this.operation = this.#replay.operation;
        this.key = this.#replay.key;
        this.user = this.#pickUser();
        continue;
      }
      if (this.#arrivals !== null) {
        this.atMs = this.#arrivals.next();
        this.segment = this.#arrivals.segment;
        if (this.atMs === Infinity) return false;
      }
      this.operation = this.#pickOperation[this.segment]!();
      this.key = this.#keys[this.operation]!();
      this.user = this.#pickUser();
    } while (this.index % this.#processes !== this.#process);
    return true;
  }
}
