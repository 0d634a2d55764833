/**
 * One proxy: an address it listens on, an upstream, toxics, and the connections that go through. Switching it off
 * closes the listener and cuts every connection; toxics stay. Callers make one change at a time.
 */
import type { Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import type { Address } from './address.ts';
import { formatAddress, listenAddress, listenError, parseUpstream } from './address.ts';
import { Connection } from './connection.ts';
import type { Metrics } from './metrics.ts';
import { ToxicList } from './toxic-list.ts';
import { toxicRandom } from './toxic.ts';

export interface ProxySettings {
  name: string;
  listen: string;
  upstream: string;
}

export interface ProxyContext {
  seed: number;
  /** Host to listen on where an address names none. */
  proxyHost: string;
  metrics: Metrics;
}

export class Proxy {
  readonly name: string;
  readonly toxics = new ToxicList();
  listen: string;
  upstream: string;
  enabled = false;
  /** Connections accepted since the proxy was made. */
  total = 0;
  readonly #context: ProxyContext;
  readonly #connections = new Set<Connection>();
  #affectedAndGone = 0;
  #server: Server | null = null;

  constructor(settings: ProxySettings, context: ProxyContext) {
    this.name = settings.name;
    this.listen = settings.listen;
    this.upstream = settings.upstream;
    this.#context = context;
    this.toxics.onChange = (change, toxic) => {
      for (const connection of this.#connections) connection[change](toxic);
    };
  }

  /** Opens the listener. Does nothing when it is open. @throws ApiError 500 when the address cannot be had */
  async start(): Promise<void> {
    if (this.enabled) return;
    const address = await listenAddress(this.listen, this.#context.proxyHost);
    this.#server = await openServer(address, (client) => this.#accept(client));
    const bound = this.#server.address();
    if (typeof bound === 'object' && bound) this.listen = formatAddress({ host: bound.address, port: bound.port });
    this.enabled = true;
  }

  /** Closes the listener and cuts every connection. Does nothing when it is closed. */
  stop(): void {
    if (!this.enabled) return;
    this.enabled = false;
    this.#server?.close();
    this.#server = null;
    for (const connection of this.#connections) connection.cut();
  }

  /** Changes what differs; a changed address restarts the proxy and keeps its toxics. */
  async update(settings: { listen: string; upstream: string; enabled: boolean }): Promise<void> {
    if (await this.differs(settings)) {
      this.stop();
      this.listen = settings.listen;
      this.upstream = settings.upstream;
    }
    if (settings.enabled) await this.start();
    else this.stop();
  }

  /** Whether another listen address or upstream is meant; `localhost` and its IP address are the same. */
  async differs(settings: { listen: string; upstream: string }): Promise<boolean> {
    if (settings.upstream !== this.upstream) return true;
    if (settings.listen === this.listen) return false;
    return formatAddress(await listenAddress(settings.listen, this.#context.proxyHost)) !== this.listen;
  }

  /** Connections open now, accepted since the start, and changed by a toxic or a cut. */
  connections(): { open: number; total: number; affected: number } {
    let affected = this.#affectedAndGone;
    for (const connection of this.#connections) if (connection.affected) affected++;
    return { open: this.#connections.size, total: this.total, affected };
  }

  json(): Record<string, unknown> {
    const { name, listen, upstream, enabled } = this;
    return { name, listen, upstream, enabled, toxics: this.toxics.json() };
  }

  #accept(client: Socket): void {
    const ordinal = ++this.total;
    const { seed, metrics } = this.#context;
    const { name, listen } = this;
    const upstream = parseUpstream(this.upstream);
    if (!upstream) {
      client.destroy();
      return;
    }
    this.#connections.add(
      new Connection({
        client,
        upstream,
        counts: {
          upstream: metrics.countsFor('upstream', name, listen, this.upstream),
          downstream: metrics.countsFor('downstream', name, listen, this.upstream),
        },
        toxics: (direction) => this.toxics.of(direction),
        random: (toxic) => toxicRandom(seed, name, toxic, ordinal),
        closed: (connection) => {
          this.#connections.delete(connection);
          if (connection.affected) this.#affectedAndGone++;
        },
      }),
    );
  }
}

function openServer(address: Address, accept: (client: Socket) => void): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, accept);
    server.once('error', (cause) => reject(listenError(address, cause)));
    server.listen({ host: address.host, port: address.port }, () => {
      server.removeAllListeners('error');
      // Running out of file descriptors must not end the whole server.
      server.on('error', () => {});
      resolve(server);
    });
  });
}
