/**
 * A client's connection and the one that is dialled for it, with a link each way. Dialling does not hold up the
 * accepting of others; when the upstream is away the client gets an end of stream. An end on either side closes both.
 */
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import type { Random } from '../contract/time.ts';
import type { Upstream } from './address.ts';
import { Link } from './link.ts';
import type { ByteCounts } from './metrics.ts';
import { ReadBuffer } from './read-buffer.ts';
import type { Direction, Toxic } from './toxic.ts';

export interface ConnectionOptions {
  client: Socket;
  upstream: Upstream;
  counts: Record<Direction, ByteCounts>;
  /** The toxics in force once the upstream has answered. */
  toxics(direction: Direction): readonly Toxic[];
  random(toxic: Toxic): Random;
  /** Called when both sockets are closed. */
  closed(connection: Connection): void;
}

export class Connection {
  /** True once a toxic or a cut has changed what would have happened. */
  affected = false;
  readonly #options: ConnectionOptions;
  readonly #client: Socket;
  readonly #upstream: Socket;
  #links: Record<Direction, Link> | null = null;
  #openSockets = 2;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#client = options.client;
    const reader = new ReadBuffer((data) => this.#links?.downstream.receive(data));
    this.#upstream = connect({ ...options.upstream, allowHalfOpen: true, noDelay: true, onread: reader });
    this.#upstream.once('connect', () => this.#start());
    for (const socket of [this.#client, this.#upstream]) {
      // A broken socket is closed next; that is all there is to do about it.
      socket.on('error', () => {});
      socket.once('close', () => this.#socketClosed(socket));
    }
  }

  #start(): void {
    if (this.#client.destroyed) {
      this.#upstream.destroy();
      return;
    }
    const { counts, toxics, random } = this.#options;
    const owner = {
      touch: () => {
        this.affected = true;
      },
      reset: () => this.reset(),
      targetClosed: (link: Link) => this.#links?.[opposite(link.direction)].sourceEnded(),
      random,
    };
    this.#links = {
      upstream: new Link('upstream', this.#client, this.#upstream, counts.upstream, owner),
      downstream: new Link('downstream', this.#upstream, this.#client, counts.downstream, owner),
    };
    this.#client.on('data', this.#links.upstream.receive);
    this.#links.upstream.start(toxics('upstream'));
    this.#links.downstream.start(toxics('downstream'));
  }

  #socketClosed(socket: Socket): void {
    this.#openSockets--;
    if (this.#links) {
      const [read, written] =
        socket === this.#client
          ? [this.#links.upstream, this.#links.downstream]
          : [this.#links.downstream, this.#links.upstream];
      written.dispose();
      read.sourceEnded();
    } else if (socket === this.#upstream && !this.#client.destroyed) {
      // Nobody there: reading what has come makes the close an end of stream and not a reset.
      this.#client.resume();
      this.#client.destroySoon();
    } else this.#upstream.destroy();
    if (this.#openSockets === 0) this.#options.closed(this);
  }

  addToxic(toxic: Toxic): void {
    this.#links?.[toxic.direction].addToxic(toxic);
  }

  updateToxic(toxic: Toxic): void {
    this.#links?.[toxic.direction].updateToxic(toxic);
  }

  removeToxic(toxic: Toxic): void {
    this.#links?.[toxic.direction].removeToxic(toxic);
  }

  /** RST to both sides; everything under way is lost. */
  reset(): void {
    this.#client.resetAndDestroy();
    // A Unix socket knows no RST: closing it ends it at once, with what was under way.
    if ('path' in this.#options.upstream) this.#upstream.destroy();
    else this.#upstream.resetAndDestroy();
  }

  /** Closes both sides at once, as a proxy that is switched off does. */
  cut(): void {
    this.affected = true;
    this.#client.destroy();
    this.#upstream.destroy();
  }
}

function opposite(direction: Direction): Direction {
  return direction === 'upstream' ? 'downstream' : 'upstream';
}
