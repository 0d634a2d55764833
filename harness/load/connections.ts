/**
 * Keep-alive connections to one instance: one undici client each, without pipelining, so that every request has a
 * connection to itself. Sockets are opened before they are needed; one that saw an error is closed and replaced, and
 * no answer can ever be taken for that of another request.
 */
import type { Socket } from 'node:net';
import { buildConnector, Client, type Dispatcher } from 'undici';

export interface ConnectionCounts {
  opened: number;
  replaced: number;
}

/** A request that asks for a connection. */
export interface Sendable extends Dispatcher.DispatchHandler {
  /** True once it has ended, also while it waits for a connection. */
  ended: boolean;
  connection: Connection | null;
  readonly options: Dispatcher.DispatchOptions;
}

export class Connection {
  readonly pool: ConnectionPool;
  #client: Client;
  /** A socket that is open or being opened, waiting for the next request that needs one. */
  #spare: Promise<Socket> | null = null;
  #spareSocket: Socket | null = null;

  constructor(pool: ConnectionPool) {
    this.pool = pool;
    this.#client = this.#newClient();
  }

  dispatch(request: Sendable): void {
    request.connection = this;
    this.#client.dispatch(request.options, request);
  }

  /** Opens a socket for the next request. Resolves whether or not it came about: the request will see. */
  async open(): Promise<void> {
    const spare = (this.#spare = this.#connect());
    try {
      const socket = await spare;
      if (this.#spare !== spare) return;
      this.#spareSocket = socket;
      const forget = (): void => {
        if (this.#spare !== spare) return;
        this.#spare = null;
        this.#spareSocket = null;
      };
      socket.once('error', forget).once('close', forget);
    } catch {
      if (this.#spare === spare) this.#spare = null;
    }
  }

  /** Closes the socket, whatever it is doing, and opens another. */
  replace(): void {
    this.pool.counts.replaced += 1;
    void this.#client.destroy().catch(() => {});
    this.#client = this.#newClient();
    if (!this.pool.closed && this.#spare === null) void this.open();
  }

  close(): void {
    this.#spareSocket?.destroy();
    void this.#spare?.then(
      (socket) => socket.destroy(),
      () => {},
    );
    void this.#client.destroy().catch(() => {});
  }

  #newClient(): Client {
    const client = new Client(this.pool.origin, {
      pipelining: 1,
      // Timeouts are the generator's own: undici's have a resolution of half a second.
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: 600_000,
      keepAliveMaxTimeout: 600_000,
      connect: (_options, callback) => void this.#hand(callback),
    });
    // A socket that ended while idle, as servers do with keep-alive, is opened again before it is missed.
    client.on('disconnect', () => {
      if (client === this.#client && !this.pool.closed && this.#spare === null) void this.open();
    });
    return client;
  }

  /** Hands undici the spare socket, or a new one. */
  async #hand(callback: buildConnector.Callback): Promise<void> {
    const spare = this.#spare;
    this.#spare = null;
    this.#spareSocket = null;
    let socket: Socket;
    try {
      socket = await (spare ?? this.#connect());
      if (socket.destroyed) socket = await this.#connect();
    } catch (error) {
      callback(error as Error, null);
      return;
    }
    callback(null, socket);
  }

  #connect(): Promise<Socket> {
    this.pool.counts.opened += 1;
    return new Promise((resolve, reject) => {
      this.pool.connector(this.pool.address, (...[error, socket]) => {
        if (error === null) resolve(socket);
        else reject(error);
      });
    });
  }
}

export class ConnectionPool {
  readonly origin: string;
  /** Path of the base URL, without a slash at its end. */
  readonly pathPrefix: string;
  readonly counts: ConnectionCounts;
  readonly connector: buildConnector.connector;
  readonly address: buildConnector.Options;
  closed = false;
  readonly #connections: readonly Connection[];
  /** Used in turn, so that none of them grows old. */
  readonly #free: Queue<Connection> = new Queue();
  readonly #waiting: Queue<Sendable> = new Queue();

  /** @param connectTimeoutMs when a connection that does not come about is given up */
  constructor(baseUrl: string, connections: number, connectTimeoutMs: number, counts: ConnectionCounts) {
    const url = new URL(baseUrl);
    this.origin = url.origin;
    this.pathPrefix = url.pathname.replace(/\/+$/, '');
    this.counts = counts;
    this.connector = buildConnector({ timeout: connectTimeoutMs, allowH2: false });
    this.address = {
      host: url.host,
      hostname: url.hostname.replace(/^\[|\]$/g, ''),
      protocol: url.protocol,
      port: url.port,
    };
    this.#connections = Array.from({ length: connections }, () => new Connection(this));
    for (const connection of this.#connections) this.#free.push(connection);
  }

  /** Opens all connections, a few at a time. */
  async open(): Promise<void> {
    const left = [...this.#connections];
    const worker = async (): Promise<void> => {
      for (let next = left.pop(); next !== undefined; next = left.pop()) await next.open();
    };
    await Promise.all(Array.from({ length: 16 }, worker));
  }

  /** Sends a request on a free connection, or as soon as one is free, in the order of arrival. */
  send(request: Sendable): void {
    const connection = this.#free.shift();
    if (connection === undefined) this.#waiting.push(request);
    else connection.dispatch(request);
  }

  /** Takes back the connection of a request that has ended. */
  release(connection: Connection): void {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      if (next.ended) continue;
      connection.dispatch(next);
      return;
    }
    this.#free.push(connection);
  }

  close(): void {
    this.closed = true;
    for (const connection of this.#connections) connection.close();
  }
}

/** First in, first out, without moving what is in it. */
class Queue<T> {
  #items: T[] = [];
  #head = 0;

  push(item: T): void {
    this.#items.push(item);
  }

  shift(): T | undefined {
    if (this.#head === this.#items.length) return undefined;
    const item = this.#items[this.#head++];
    if (this.#head > 1024 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }
}
