/**
 * Counts of bytes per proxy and direction, shown as Prometheus text under the names that Toxiproxy uses. Links add to
 * plain numbers; the registry is filled only when somebody asks. Unlike Toxiproxy, open connections count at once.
 */
import type { Direction } from './toxic.ts';

/** Bytes read from a source and written to a target. */
export interface ByteCounts {
  received: number;
  sent: number;
}

interface Labels {
  direction: Direction;
  proxy: string;
  listener: string;
  upstream: string;
}

export class Metrics {
  readonly #all = new Map<string, { labels: Labels; counts: ByteCounts }>();

  /** The counts for these labels; the same object for the same labels. */
  countsFor(direction: Direction, proxy: string, listener: string, upstream: string): ByteCounts {
    const key = JSON.stringify([direction, proxy, listener, upstream]);
    let entry = this.#all.get(key);
    if (!entry) {
      entry = { labels: { direction, proxy, listener, upstream }, counts: { received: 0, sent: 0 } };
      this.#all.set(key, entry);
    }
    return entry.counts;
  }

  /** Everything counted so far, in Prometheus text format. */
  async text(): Promise<string> {
    // Two thirds of the modules that the server would load at its start, for an answer that few ever ask for.
    const { Counter, Registry } = await import('prom-client');
    const registry = new Registry();
    const labelNames = ['direction', 'proxy', 'listener', 'upstream'] as const;
    const counter = (name: string, help: string) => new Counter({ name, help, labelNames, registers: [registry] });
    const received = counter('toxiproxy_proxy_received_bytes_total', 'Bytes received from the source of a link');
    const sent = counter('toxiproxy_proxy_sent_bytes_total', 'Bytes sent to the target of a link');
    for (const { labels, counts } of this.#all.values()) {
      received.inc({ ...labels }, counts.received);
      sent.inc({ ...labels }, counts.sent);
    }
    return registry.metrics();
  }
}
