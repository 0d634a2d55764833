/**
 * A Toxiproxy inside Node, for machines without containers: the same HTTP API and the same toxics, so that one client
 * and one set of faults drive both. Unlike the original it is seeded, survives every value that it is sent, dials
 * without holding up others, and counts the connections that a fault has touched.
 */
import type { AddressInfo } from 'node:net';
import { HarnessError, messageOf } from '../contract/errors.ts';
import { http } from '../kit/node-http.ts';
import { formatAddress } from './address.ts';
import { apiHandler } from './api.ts';
import { Metrics } from './metrics.ts';
import { ProxyCollection } from './proxy-collection.ts';

export interface ToxiproxyOptions {
  /** Where the HTTP API listens. */
  host: string;
  /** 0 for any free port. */
  port: number;
  /** Repeats the draws of toxicity, jitter and slices. */
  seed: number;
  /** Host on which proxies listen when their address names none. Default `127.0.0.1` (the original: every host). */
  proxyHost?: string;
}

export interface RunningToxiproxy {
  url: string;
  port: number;
  /** Stops the API and every proxy; resolves when nothing listens any more. */
  close(): Promise<void>;
}

/**
 * Starts the embedded server.
 *
 * @throws HarnessError PORT_TAKEN or PROXY_FAILED when it cannot listen
 */
export async function startToxiproxy(options: ToxiproxyOptions): Promise<RunningToxiproxy> {
  const metrics = new Metrics();
  const proxies = new ProxyCollection({ seed: options.seed, proxyHost: options.proxyHost ?? '127.0.0.1', metrics });
  const server = http.createServer(apiHandler(proxies, metrics));
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const where = formatAddress(options);
      if (cause.code === 'EADDRINUSE')
        reject(
          new HarnessError('PORT_TAKEN', `the embedded Toxiproxy cannot listen on ${where}: the port is taken`, {
            hint: 'use port 0 for any free port',
            cause,
          }),
        );
      else
        reject(
          new HarnessError('PROXY_FAILED', `the embedded Toxiproxy cannot listen on ${where}: ${messageOf(cause)}`, {
            cause,
          }),
        );
    });
    server.listen({ host: options.host, port: options.port }, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${formatAddress({ host: options.host, port })}`,
    port,
    close: async () => {
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      server.closeAllConnections();
      await proxies.serially(() => proxies.stopAll());
      await closed;
    },
  };
}
