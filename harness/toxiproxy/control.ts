/**
 * Drives a Toxiproxy, embedded or real, through `toxiproxy-node-client`. That client drops the server's error text,
 * waits for ever and does not encode names, so its HTTP part is replaced here; and values that would crash a real
 * server are refused before they are sent.
 */
import { Proxy, Toxic, Toxiproxy } from 'toxiproxy-node-client';
import type { ToxicType } from 'toxiproxy-node-client';
import { HttpClient } from 'toxiproxy-node-client/dist/HttpClient.js';
import type { ToxicSpec, ToxiproxyControl } from '../contract/environment.ts';
import { HarnessError, messageOf } from '../contract/errors.ts';
import { TOXIC_TYPES } from './toxics/registry.ts';

/** How long the server may take to answer. */
const REQUEST_TIMEOUT_MS = 10_000;

export interface ToxiproxyHandle extends ToxiproxyControl {
  /** The server's version, for example `2.12.0`. */
  version(): Promise<string>;
  /** Makes a proxy; the answer has the address that it got. */
  create(proxy: { name: string; listen: string; upstream: string }): Promise<{
    name: string;
    listen: string;
    upstream: string;
  }>;
  /** Removes a proxy and cuts its connections. */
  remove(name: string): Promise<void>;
}

/** The node client's HTTP part with a time limit, and errors that say what the server said. */
class ReportingHttp extends HttpClient {
  readonly #timeoutMs: number;

  constructor(timeoutMs: number) {
    super();
    this.#timeoutMs = timeoutMs;
  }

  // The client chooses what it takes an answer for; `never` fits every choice.
  override async get(url: string): Promise<{ data: never }> {
    return { data: parse(await this.#send('GET', url), url) as never };
  }

  override async post(url: string, body?: unknown): Promise<{ data: never }> {
    const text = await this.#send('POST', url, body);
    return { data: (text === '' ? undefined : parse(text, url)) as never };
  }

  override async delete(url: string): Promise<void> {
    await this.#send('DELETE', url);
  }

  override async getText(url: string): Promise<string> {
    return this.#send('GET', url);
  }

  /** The text of a successful answer; null where the server has no such route. */
  async getOptional(url: string): Promise<string | null> {
    const { status, text } = await this.#fetch('GET', url);
    if (status === 404 && serverError(text) === null) return null;
    return accept('GET', url, status, text);
  }

  async #send(method: string, url: string, body?: unknown): Promise<string> {
    const { status, text } = await this.#fetch(method, url, body);
    return accept(method, url, status, text);
  }

  async #fetch(method: string, url: string, body?: unknown): Promise<{ status: number; text: string }> {
    const init: RequestInit = { method, signal: AbortSignal.timeout(this.#timeoutMs) };
    if (body !== undefined) {
      init.body = JSON.stringify(body);
      init.headers = { 'Content-Type': 'application/json' };
    }
    try {
      const response = await fetch(url, init);
      return { status: response.status, text: await response.text() };
    } catch (cause) {
      const why =
        cause instanceof Error && cause.name === 'TimeoutError'
          ? `no answer within ${this.#timeoutMs} ms`
          : // undici says "fetch failed" and puts the reason into the cause.
            messageOf((cause as Error).cause ?? cause);
      throw new HarnessError('PROXY_FAILED', `Toxiproxy: ${method} ${url}: ${why}`, {
        hint: 'is the Toxiproxy server running, and reachable from here?',
        cause,
      });
    }
  }
}

function accept(method: string, url: string, status: number, text: string): string {
  if (status >= 200 && status < 300) return text;
  const why = serverError(text) ?? (text.trim() || `status ${status}`);
  throw new HarnessError('PROXY_FAILED', `Toxiproxy: ${why} (${method} ${new URL(url).pathname}: ${status})`);
}

function serverError(text: string): string | null {
  try {
    const { error } = JSON.parse(text) as { error?: unknown };
    return typeof error === 'string' ? error : null;
  } catch {
    return null;
  }
}

function parse(text: string, url: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new HarnessError('PROXY_FAILED', `what answers at ${url} is not Toxiproxy: ${messageOf(cause)}`, { cause });
  }
}

/** Refuses what a real server would accept and then crash on, or ignore without a word. */
function checkToxic(toxic: ToxicSpec): void {
  const refuse = (why: string, hint?: string): never => {
    throw new HarnessError('BAD_PARAMETER', `toxic '${toxic.name}': ${why}`, { hint });
  };
  if (!(toxic.toxicity >= 0 && toxic.toxicity <= 1)) refuse(`toxicity must be from 0 to 1, not ${toxic.toxicity}`);
  for (const [name, value] of Object.entries(toxic.attributes))
    if (!Number.isSafeInteger(value)) refuse(`${name} must be a whole number, not ${value}`);
  const type = TOXIC_TYPES.get(toxic.type);
  if (!type) refuse(`there is no toxic type '${toxic.type}'`, `types: ${[...TOXIC_TYPES.keys()].join(', ')}`);
  for (const name of Object.keys(toxic.attributes))
    if (!type?.attributes.includes(name))
      refuse(`${toxic.type} has no attribute '${name}'`, `attributes: ${type?.attributes.join(', ') || 'none'}`);
  const dangerous = type?.refuse?.(toxic.attributes);
  if (dangerous) refuse(dangerous);
}

/**
 * A handle on the Toxiproxy server at this address. Connects with the first call, not before.
 *
 * @param url base URL of the HTTP API, for example `http://127.0.0.1:8474`
 * @param timeoutMs how long one request may take; default 10 s
 * @throws HarnessError by every method: PROXY_FAILED with the server's own words, or BAD_PARAMETER for a toxic that is
 *   not sent because a real Toxiproxy would crash on it or ignore it
 */
export function connectToxiproxy(url: string, timeoutMs: number = REQUEST_TIMEOUT_MS): ToxiproxyHandle {
  const base = url.replace(/\/+$/, '');
  const http = new ReportingHttp(timeoutMs);
  const client = new Toxiproxy(base);
  Object.assign(client, { api: http });

  /** The client's own object for a proxy, with a name that fits into a path. */
  const proxyAt = (name: string): Proxy =>
    new Proxy(client, { name: encodeURIComponent(name), listen: '', upstream: '', enabled: true, toxics: [] });

  return {
    url: base,
    async version() {
      const text = await client.getVersion();
      const { version } = parse(text, base) as { version?: unknown };
      if (typeof version !== 'string')
        throw new HarnessError('PROXY_FAILED', `what answers at ${base} does not tell a Toxiproxy version`);
      return version;
    },
    async create({ name, listen, upstream }) {
      const proxy = await client.createProxy({ name, listen, upstream, enabled: true });
      return { name: proxy.name, listen: proxy.listen, upstream: proxy.upstream };
    },
    async remove(name) {
      await proxyAt(name).remove();
    },
    async setEnabled(name, enabled) {
      // Only the field that changes: the server keeps the rest, and the type of the client asks for too much.
      await proxyAt(name).update({ enabled } as Parameters<Proxy['update']>[0]);
    },
    async addToxic(proxy, toxic) {
      checkToxic(toxic);
      await proxyAt(proxy).addToxic({ ...toxic, type: toxic.type as ToxicType });
    },
    async removeToxic(proxy, toxic) {
      const body = { name: encodeURIComponent(toxic), type: 'latency', stream: 'downstream', toxicity: 1 } as const;
      await new Toxic(client.api, proxyAt(proxy).getPath(), { ...body, attributes: {} }).remove();
    },
    async connections(proxy) {
      const path = `${base}/cachequake/proxies/${encodeURIComponent(proxy)}/connections`;
      const text = await http.getOptional(path);
      return text === null ? null : (parse(text, path) as { open: number; total: number; affected: number });
    },
    async reset() {
      await client.reset();
    },
  };
}
