/**
 * All proxies of a server by name. Changes run one after the other, as they do under Toxiproxy's lock, so that two
 * requests never start the same proxy twice.
 */
import { missingField, proxyAlreadyExists, proxyNotFound, badRequestBody, ApiError } from './api-error.ts';
import type { ProxyContext } from './proxy.ts';
import { Proxy } from './proxy.ts';
import { field } from './request-body.ts';

interface ProxyInput {
  name: string;
  listen: string;
  upstream: string;
  enabled: boolean;
}

function readProxy(body: unknown, where = ''): ProxyInput {
  const name = field(body, 'name', 'string') ?? '';
  const upstream = field(body, 'upstream', 'string') ?? '';
  const listen = field(body, 'listen', 'string') ?? '';
  const enabled = field(body, 'enabled', 'boolean') ?? true;
  if (name === '') throw missingField(`name${where}`);
  if (upstream === '') throw missingField(`upstream${where}`);
  return { name, listen, upstream, enabled };
}

export class ProxyCollection {
  readonly #context: ProxyContext;
  readonly #proxies = new Map<string, Proxy>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(context: ProxyContext) {
    this.#context = context;
  }

  /** Runs a change after the ones before it. */
  serially<T>(change: () => T | Promise<T>): Promise<T> {
    const result = this.#last.then(change);
    this.#last = result.catch(() => {});
    return result;
  }

  /** @throws ApiError 404 */
  get(name: string): Proxy {
    const proxy = this.#proxies.get(name);
    if (!proxy) throw proxyNotFound();
    return proxy;
  }

  /** A map by name, names sorted. */
  json(): Record<string, unknown> {
    const proxies = [...this.#proxies.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    return Object.fromEntries(proxies.map((proxy) => [proxy.name, proxy.json()]));
  }

  /** @throws ApiError 400, 409, or 500 when it cannot listen */
  async create(body: unknown): Promise<Proxy> {
    const input = readProxy(body);
    if (this.#proxies.has(input.name)) throw proxyAlreadyExists();
    const proxy = new Proxy(input, this.#context);
    if (input.enabled) await proxy.start();
    this.#proxies.set(proxy.name, proxy);
    return proxy;
  }

  /** Changes what the body names. @throws ApiError 400, or 500 when it cannot listen */
  async update(proxy: Proxy, body: unknown): Promise<void> {
    await proxy.update({
      listen: field(body, 'listen', 'string') ?? proxy.listen,
      upstream: field(body, 'upstream', 'string') ?? proxy.upstream,
      enabled: field(body, 'enabled', 'boolean') ?? proxy.enabled,
    });
  }

  remove(name: string): void {
    this.get(name).stop();
    this.#proxies.delete(name);
  }

  /**
   * Makes or replaces several proxies. All are checked first; then they are made in order until one cannot listen.
   * One that exists with the same addresses is left alone, with its toxics and its state.
   */
  async populate(readBody: () => unknown): Promise<{ proxies: Proxy[]; error: ApiError | null }> {
    const proxies: Proxy[] = [];
    try {
      const body = readBody();
      if (body !== null && !Array.isArray(body)) throw badRequestBody('expected an array of proxies');
      const inputs = (body ?? []).map((one: unknown, index: number) => readProxy(one, ` at proxy ${index + 1}`));
      for (const input of inputs) proxies.push(await this.#addOrReplace(input));
      return { proxies, error: null };
    } catch (error) {
      if (error instanceof ApiError) return { proxies, error };
      throw error;
    }
  }

  async #addOrReplace(input: ProxyInput): Promise<Proxy> {
    const existing = this.#proxies.get(input.name);
    if (existing) {
      if (!(await existing.differs(input))) return existing;
      existing.stop();
    }
    const proxy = new Proxy(input, this.#context);
    if (input.enabled) await proxy.start();
    this.#proxies.set(proxy.name, proxy);
    return proxy;
  }

  /** Switches every proxy on and takes every toxic away. */
  async reset(): Promise<void> {
    for (const proxy of this.#proxies.values()) {
      await proxy.start();
      proxy.toxics.removeAll();
    }
  }

  stopAll(): void {
    for (const proxy of this.#proxies.values()) proxy.stop();
  }
}
