/**
 * What a conformance case has to hand: raw HTTP to the server under test, so that statuses and texts are seen as they
 * are, proxies that are removed afterwards, and ends on 127.0.0.1 or Unix sockets that are closed afterwards.
 */
import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import type { AddressInfo, Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

export interface Case {
  name: string;
  /** Resolves when it passed, with a reason when it could not be tried; rejects with what was wrong. */
  run(bed: TestBed): Promise<{ skipped: string } | void>;
}

export interface Answer {
  status: number;
  contentType: string;
  text: string;
  /** The parsed text, or null when it is not JSON. */
  body: unknown;
}

/** One proxy's fields as a server shows them. */
export interface ProxyFields {
  name: string;
  listen: string;
  upstream: string;
  enabled: boolean;
  toxics: ToxicFields[];
}

export interface ToxicFields {
  name: string;
  type: string;
  stream: string;
  toxicity: number;
  attributes: Record<string, number>;
}

export type Stream = 'upstream' | 'downstream';

let proxyCount = 0;

export class TestBed {
  readonly url: string;
  readonly #proxies = new Set<string>();
  readonly #closers: (() => void)[] = [];
  readonly #sockets: string | null;
  #servers = 0;

  /** @param sockets folder for the Unix sockets of upstreams, where they are to be such; the original knows none */
  constructor(url: string, sockets: string | null = null) {
    this.url = url;
    this.#sockets = sockets;
  }

  /** One request. `body` is sent as JSON, a string as it is. */
  async http(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const init: RequestInit = { method, headers, signal: AbortSignal.timeout(15_000) };
    if (body !== undefined) init.body = typeof body === 'string' ? body : JSON.stringify(body);
    const response = await fetch(`${this.url}${path}`, init);
    const text = await response.text();
    let parsed: unknown = null;
    try {
      parsed = JSON.parse(text);
    } catch {
      // Some answers are plain text.
    }
    return { status: response.status, contentType: response.headers.get('content-type') ?? '', text, body: parsed };
  }

  /** A request that must end with this status; gives the parsed body. */
  async expect<T>(status: number, method: string, path: string, body?: unknown): Promise<T> {
    const answer = await this.http(method, path, body);
    strictEqual(answer.status, status, `${method} ${path}: ${answer.status} ${answer.text}`);
    return answer.body as T;
  }

  /** A request that must be refused in Toxiproxy's own form. */
  async expectError(status: number, error: string | RegExp, method: string, path: string, body?: unknown) {
    const answer = await this.http(method, path, body);
    const fields = answer.body as { error: string; status: number } | null;
    strictEqual(answer.status, status, `${method} ${path}: ${answer.status} ${answer.text}`);
    if (typeof error === 'string') deepStrictEqual(fields, { error, status });
    else {
      ok(fields && error.test(fields.error), `error text '${fields?.error}' is not like ${error}`);
      strictEqual(fields.status, status);
    }
    ok(answer.contentType.startsWith('text/plain'), `an error is sent as text/plain, not ${answer.contentType}`);
    ok(answer.text.endsWith('\n'), 'an error ends with a newline');
  }

  /** A name no other case uses; a proxy of this name is removed after the case. */
  name(): string {
    const name = `conformance-${process.pid}-${++proxyCount}`;
    this.#proxies.add(name);
    return name;
  }

  async proxy(upstream: string, listen = '127.0.0.1:0'): Promise<ProxyFields> {
    return this.expect<ProxyFields>(201, 'POST', '/proxies', { name: this.name(), listen, upstream });
  }

  async show(name: string): Promise<ProxyFields> {
    return this.expect<ProxyFields>(200, 'GET', `/proxies/${name}`);
  }

  async toxic(
    proxy: string,
    type: string,
    stream: Stream,
    attributes: Record<string, number>,
    more: { name?: string; toxicity?: number } = {},
  ): Promise<ToxicFields> {
    return this.expect(200, 'POST', `/proxies/${proxy}/toxics`, { type, stream, attributes, ...more });
  }

  /** A server, as an upstream is written: on a free port of 127.0.0.1 or a Unix socket; closed after the case. */
  async server(onSocket: (socket: Socket) => void): Promise<string> {
    const server: Server = createServer({ noDelay: true }, (socket) => {
      this.#keep(socket);
      onSocket(socket);
    });
    const path = this.#sockets === null ? null : join(this.#sockets, `${++this.#servers}.sock`);
    await new Promise<void>((resolve) => {
      if (path === null) server.listen(0, '127.0.0.1', resolve);
      else server.listen(path, resolve);
    });
    this.#closers.push(() => server.close());
    if (path !== null) return `unix:${path}`;
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** A server that sends back what it gets. */
  echo(): Promise<string> {
    return this.server((socket) => socket.pipe(socket));
  }

  /** An address where nothing listens: it was given by the system and has been given back. */
  async deadAddress(): Promise<string> {
    const server = createServer();
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => {
      server.close(resolve);
    });
    return `127.0.0.1:${port}`;
  }

  /** Connects; rejects when refused. */
  async dial(address: string): Promise<Socket> {
    const at = address.lastIndexOf(':');
    const socket = address.startsWith('unix:')
      ? connect({ path: address.slice('unix:'.length) })
      : connect({ host: address.slice(0, at), port: Number(address.slice(at + 1)), noDelay: true });
    this.#keep(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return socket;
  }

  #keep(socket: Socket): void {
    socket.on('error', () => {});
    this.#closers.push(() => socket.destroy());
  }

  /** Whether something accepts connections there. */
  async isUp(address: string): Promise<boolean> {
    try {
      (await this.dial(address)).destroy();
      return true;
    } catch {
      return false;
    }
  }

  async close(): Promise<void> {
    for (const close of this.#closers) close();
    for (const name of this.#proxies) await this.http('DELETE', `/proxies/${name}`);
  }
}

/** Waits for exactly so many bytes. */
export function read(socket: Socket, bytes: number, withinMs = 10_000): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const done = (error: Error | null): void => {
      clearTimeout(timer);
      socket.off('data', onData).off('close', onClose);
      socket.pause();
      if (error) reject(error);
      else resolve(Buffer.concat(chunks));
    };
    const onData = (chunk: Buffer): void => {
      chunks.push(chunk);
      size += chunk.length;
      if (size >= bytes) done(null);
    };
    const onClose = (): void => done(new Error(`closed after ${size} of ${bytes} bytes`));
    const timer = setTimeout(() => done(new Error(`${size} of ${bytes} bytes after ${withinMs} ms`)), withinMs);
    socket.on('data', onData).once('close', onClose);
    socket.resume();
  });
}

/** How a connection ends: everything that came before, the error code if any, and after how long. */
export function ending(
  socket: Socket,
  withinMs = 10_000,
): Promise<{ data: Buffer; code: string | null; afterMs: number }> {
  const fromMs = performance.now();
  const chunks: Buffer[] = [];
  let code: string | null = null;
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.on('error', (error: NodeJS.ErrnoException) => {
    code = error.code ?? error.message;
  });
  socket.resume();
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`still open after ${withinMs} ms`)), withinMs);
    socket.once('close', () => {
      clearTimeout(timer);
      resolve({ data: Buffer.concat(chunks), code, afterMs: performance.now() - fromMs });
    });
  });
}

/** Sends and waits for as many bytes to come back; gives the time that took. */
export async function roundTripMs(socket: Socket, data: Buffer | string): Promise<number> {
  const sent = Buffer.from(data);
  const fromMs = performance.now();
  const answer = read(socket, sent.length);
  socket.write(sent);
  const back = await answer;
  ok(back.equals(sent), 'what came back is not what was sent');
  return performance.now() - fromMs;
}

/** More time than allowed: the only failure that a busy machine can bring about, so such a case is tried again. */
export class TooMuch extends Error {}

/** Fails unless the value lies in the bounds. @throws TooMuch when it is above them */
export function within(value: number, low: number, high: number, what: string): void {
  const text = `${what}: ${value.toFixed(1)} is not in ${low} to ${high}`;
  ok(value >= low, text);
  if (!(value <= high)) throw new TooMuch(text);
}

/** True when nothing comes and nothing ends for this long. */
export async function staysSilent(socket: Socket, forMs: number): Promise<boolean> {
  let heard = false;
  const hear = (): void => {
    heard = true;
  };
  socket.on('data', hear).on('close', hear);
  socket.resume();
  await delay(forMs);
  socket.off('data', hear).off('close', hear);
  return !heard;
}
