/**
 * A small client for Memcached's meta commands (mg, ms, md, mn). The Node clients that there are speak the older text
 * or binary protocol, which know neither leases (N, W, Z) nor compare-and-set on deletes; so this one is our own. One
 * connection, pipelined: answers come in the order of the commands. Commands fail fast while it is away, and nothing is
 * sent twice.
 *
 * @see doc/protocol.txt of Memcached, "Meta Commands"; 1.6.14 or newer
 */
import { connect, type Socket } from 'node:net';

/** Longest pause between two attempts to connect, ms. */
const MAX_RECONNECT_MS = 250;
const CRLF = '\r\n';
const KEY = /^[\u0021-\u007e]{1,250}$/;

export interface MemcachedItem {
  value: string;
  /** Changes with each change of the item. */
  cas: string;
  /** Made by this very command, where nothing was there: who is told so may fill it. */
  won: boolean;
}

export interface MemcachedSet {
  /** 0 keeps it for as long as there is room. */
  ttlSec: number;
  /** `add` stores only where nothing is there; `append` puts it behind what is there, and leaves the TTL. */
  mode?: 'set' | 'add' | 'append';
  /** Only while the item has this one. */
  cas?: string;
}

export interface MemcachedClient {
  /** Resolves when the first attempt to connect has ended, well or not. */
  connected(): Promise<void>;
  /** @param vivifySec makes an empty item with this TTL where nothing is there, and tells the one who made it */
  get(key: string, options?: { vivifySec?: number }): Promise<MemcachedItem | null>;
  /** The new cas; null where the mode or the cas forbade it. */
  set(key: string, value: string, options: MemcachedSet): Promise<string | null>;
  /** Whether it was there, with this cas. */
  delete(key: string, options?: { cas?: string }): Promise<boolean>;
  /** Resolves when everything that was sent before has been answered. */
  noop(): Promise<void>;
  close(): void;
}

interface Answer {
  code: string;
  flags: readonly string[];
  value: string;
}

interface Waiting {
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

const MODE = { set: 'S', add: 'E', append: 'A' } as const;

/**
 * Connects, and goes on trying until it is closed.
 *
 * @param url `memcached://host:port`
 * @param timeoutMs time limit of one command
 */
export function createMemcachedClient(url: string, timeoutMs: number): MemcachedClient {
  const { hostname, port } = new URL(url);
  let socket: Socket | null = null;
  let ready = false;
  let closed = false;
  let attempts = 0;
  let received: Buffer = Buffer.alloc(0);
  /** In the order in which they were sent. One that has timed out keeps its place, and its answer is dropped. */
  let waiting: Waiting[] = [];
  let silence: NodeJS.Timeout | null = null;
  let reconnect: NodeJS.Timeout | null = null;
  let tried = (): void => {};
  const firstTry = new Promise<void>((done) => (tried = done));

  function open(): void {
    const one = connect({ port: Number(port), host: hostname, noDelay: true });
    socket = one;
    // A host that answers nothing must not be waited for longer than one that refuses.
    const limit = setTimeout(() => one.destroy(), Math.max(500, 2 * timeoutMs));
    one.on('connect', () => {
      clearTimeout(limit);
      attempts = 0;
      ready = true;
      tried();
    });
    one.on('data', read);
    // Every failed command rejects by itself; without a listener the same error would be thrown at the process.
    one.on('error', () => {});
    one.on('close', () => {
      clearTimeout(limit);
      lose();
      tried();
      if (!closed) reconnect = setTimeout(open, Math.min(MAX_RECONNECT_MS, 25 * ++attempts));
    });
  }

  function lose(): void {
    ready = false;
    received = Buffer.alloc(0);
    if (silence) clearTimeout(silence);
    silence = null;
    const left = waiting;
    waiting = [];
    for (const one of left) one.reject(new Error('memcached: the connection was lost'));
  }

  function read(chunk: Buffer): void {
    if (silence) clearTimeout(silence);
    silence = null;
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
    let at = 0;
    for (;;) {
      const end = received.indexOf(CRLF, at);
      if (end < 0) break;
      const [code = '', ...flags] = received.toString('latin1', at, end).split(' ');
      let next = end + 2;
      let value = '';
      if (code === 'VA') {
        const length = Number(flags.shift());
        if (received.length < next + length + 2) break;
        value = received.toString('utf8', next, next + length);
        next += length + 2;
      }
      at = next;
      take({ code, flags, value });
    }
    received = received.subarray(at);
  }

  function take(answer: Answer): void {
    const one = waiting.shift();
    if (/^(SERVER_ERROR|CLIENT_ERROR|ERROR)$/.test(answer.code)) {
      one?.reject(new Error(`memcached: ${[answer.code, ...answer.flags].join(' ')}`));
      // What follows may answer another command than the one whose turn it is.
      if (answer.code !== 'SERVER_ERROR') socket?.destroy();
    } else if (one) one.resolve(answer);
    else socket?.destroy();
  }

  function send(command: string, value?: string): Promise<Answer> {
    if (!ready || !socket) return Promise.reject(new Error('memcached: not connected'));
    const to = socket;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error(`memcached: no answer within ${timeoutMs} ms`));
        silence ??= setTimeout(() => to.destroy(), Math.max(1000, 3 * timeoutMs));
      }, timeoutMs);
      waiting.push({
        resolve: (answer) => {
          clearTimeout(timer);
          resolve(answer);
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      });
      to.write(value === undefined ? command + CRLF : command + CRLF + value + CRLF);
    });
  }

  function checked(key: string): string {
    if (!KEY.test(key)) throw new RangeError(`memcached: '${key}' is no key: 1 to 250 visible ASCII characters`);
    return key;
  }

  const flagOf = (answer: Answer, name: string): string =>
    answer.flags.find((flag) => flag.startsWith(name))?.slice(1) ?? '';

  open();
  return {
    connected: () => firstTry,
    async get(key, { vivifySec } = {}) {
      const answer = await send(`mg ${checked(key)} v c${vivifySec === undefined ? '' : ` N${vivifySec}`}`);
      if (answer.code !== 'VA') return null;
      return { value: answer.value, cas: flagOf(answer, 'c'), won: answer.flags.includes('W') };
    },
    async set(key, value, { ttlSec, mode = 'set', cas }) {
      const compare = cas === undefined ? '' : ` C${cas}`;
      const head = `ms ${checked(key)} ${Buffer.byteLength(value)} c T${ttlSec} M${MODE[mode]}${compare}`;
      const answer = await send(head, value);
      return answer.code === 'HD' ? flagOf(answer, 'c') : null;
    },
    async delete(key, { cas } = {}) {
      return (await send(`md ${checked(key)}${cas === undefined ? '' : ` C${cas}`}`)).code === 'HD';
    },
    async noop() {
      await send('mn');
    },
    close() {
      closed = true;
      if (reconnect) clearTimeout(reconnect);
      socket?.destroy();
      lose();
    },
  };
}
