/**
 * One direction of a connection: bytes go from a source socket through a chain of toxics to a target socket. With no
 * toxic in force a chunk goes from socket to socket in one call. The source is read only while there is room further
 * on, so a slow reader slows the writer as it would without a proxy.
 */
import type { Socket } from 'node:net';
import type { Random } from '../contract/time.ts';
import type { ByteCounts } from './metrics.ts';
import type { Direction, Toxic } from './toxic.ts';
import type { Sink, Stage } from './toxics/stage.ts';

/** What a link may ask of its connection. */
export interface LinkOwner {
  touch(): void;
  reset(): void;
  /** The link has closed its target. */
  targetClosed(link: Link): void;
  random(toxic: Toxic): Random;
}

/** A toxic on this link: drawn once, running or not. */
interface Slot {
  toxic: Toxic;
  /** In [0, 1); the toxic takes part while this is below its toxicity. */
  draw: number;
  random: Random;
  stage: Stage | null;
}

export class Link {
  readonly direction: Direction;
  readonly #source: Socket;
  readonly #target: Socket;
  readonly #counts: ByteCounts;
  readonly #owner: LinkOwner;
  readonly #output: Sink;
  #slots: Slot[] = [];
  /** The first stage, or null when bytes go straight to the target. */
  #head: Stage | null = null;
  #sourceEnded = false;
  #targetFull = false;
  #paused = false;
  #closed = false;

  constructor(direction: Direction, source: Socket, target: Socket, counts: ByteCounts, owner: LinkOwner) {
    this.direction = direction;
    this.#source = source;
    this.#target = target;
    this.#counts = counts;
    this.#owner = owner;
    this.#output = { write: (chunk) => this.#send(chunk.data), end: () => this.#closeTarget() };
  }

  /** Starts reading. */
  start(toxics: readonly Toxic[]): void {
    for (const toxic of toxics) this.#slots.push(this.#slot(toxic));
    this.#chain();
    this.#target.on('drain', this.#onDrain);
    this.#source.once('end', this.sourceEnded);
    this.#source.resume();
  }

  /** Takes what was read from the source. The buffer is the link's from now on. */
  readonly receive = (data: Buffer): void => {
    // A source that is read no more would hide its end, so what still comes is read and dropped.
    if (this.#closed || this.#sourceEnded) return;
    this.#counts.received += data.length;
    if (this.#head === null) this.#send(data);
    else {
      this.#head.write({ data, atMs: performance.now() });
      this.#regulate();
    }
  };

  #send(data: Buffer): void {
    if (this.#closed) return;
    this.#counts.sent += data.length;
    if (this.#target.write(data)) return;
    this.#targetFull = true;
    this.#regulate();
  }

  readonly #onDrain = (): void => {
    this.#targetFull = false;
    this.#regulate();
  };

  /** Reads on, or stops reading, by the room there is. */
  #regulate(): void {
    const pause = this.#targetFull || (this.#head !== null && this.#slots.some((slot) => slot.stage?.full));
    if (pause === this.#paused || this.#sourceEnded) return;
    this.#paused = pause;
    if (pause) this.#source.pause();
    else this.#source.resume();
  }

  /** The source has no more: what is under way still arrives, then the target is closed. */
  readonly sourceEnded = (): void => {
    if (this.#sourceEnded) return;
    this.#sourceEnded = true;
    if (!this.#closed) (this.#head ?? this.#output).end();
  };

  /** Closes the target once what was written has left; there is no half-close. */
  #closeTarget(): void {
    if (this.#closed) return;
    this.dispose();
    this.#target.destroySoon();
    this.#owner.targetClosed(this);
  }

  /** Forgets what is held: the target is gone. */
  dispose(): void {
    this.#closed = true;
    this.#target.off('drain', this.#onDrain);
    for (const slot of this.#slots) slot.stage?.dispose();
    if (!this.#sourceEnded) this.#source.resume();
  }

  addToxic(toxic: Toxic): void {
    if (this.#closed) return;
    this.#slots.push(this.#slot(toxic));
    this.#chain();
  }

  /** Takes over changed attributes and toxicity; the draw stays. */
  updateToxic(toxic: Toxic): void {
    const slot = this.#slots.find((one) => one.toxic === toxic);
    if (!slot || this.#closed) return;
    const takesPart = slot.draw < toxic.toxicity;
    const old = slot.stage;
    if (old && takesPart) old.update(toxic.attributes);
    else if (old) {
      slot.stage = null;
      this.#chain();
      old.release();
    } else if (takesPart) {
      slot.stage = this.#stage(slot);
      this.#chain();
    }
    this.#regulate();
  }

  removeToxic(toxic: Toxic): void {
    const at = this.#slots.findIndex((one) => one.toxic === toxic);
    const slot = this.#slots[at];
    if (!slot || this.#closed) return;
    this.#slots.splice(at, 1);
    const after = this.#sinkFrom(at);
    this.#chain();
    if (slot.stage) {
      slot.stage.next = after;
      slot.stage.release();
    }
    if (toxic.type.removalCloses) {
      this.#owner.touch();
      after.end();
    }
    this.#regulate();
  }

  #slot(toxic: Toxic): Slot {
    const random = this.#owner.random(toxic);
    const slot: Slot = { toxic, draw: random.next(), random, stage: null };
    if (slot.draw < toxic.toxicity) slot.stage = this.#stage(slot);
    return slot;
  }

  #stage(slot: Slot): Stage | null {
    return slot.toxic.type.start(slot.toxic.attributes, {
      random: slot.random,
      touch: () => this.#owner.touch(),
      relieved: () => this.#regulate(),
      reset: () => this.#owner.reset(),
    });
  }

  #sinkFrom(at: number): Sink {
    for (let i = at; i < this.#slots.length; i++) {
      const stage = this.#slots[i]?.stage;
      if (stage) return stage;
    }
    return this.#output;
  }

  #chain(): void {
    let next: Sink = this.#output;
    let head: Stage | null = null;
    for (let i = this.#slots.length - 1; i >= 0; i--) {
      const stage = this.#slots[i]?.stage;
      if (!stage) continue;
      stage.next = next;
      next = stage;
      head = stage;
    }
    this.#head = head;
  }
}
