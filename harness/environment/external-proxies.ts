/**
 * The proxies of a stack on a Toxiproxy that is already there. Those that exist under the names that are needed
 * (`redis-0`, `postgres-0`, …) are used as they are, because only whoever started a Toxiproxy in a container knows
 * which of its ports can be reached; the others are created, journalled, and removed afterwards.
 */
import { HarnessError, messageOf } from '../contract/errors.ts';
import type { StartContext } from '../contract/environment.ts';
import { connectToxiproxy } from '../toxiproxy/control.ts';
import { proxyNames, type Control, type Dependency, type StackProxy } from './proxy-process.ts';
import type { Teardown } from './teardown.ts';

const REQUEST_MS = 5000;

async function existing(url: string): Promise<Map<string, { listen: string; upstream: string }>> {
  try {
    const response = await fetch(new URL('/proxies', url), { signal: AbortSignal.timeout(REQUEST_MS) });
    const proxies = (await response.json()) as Record<string, { listen: string; upstream: string }>;
    return new Map(Object.entries(proxies));
  } catch (cause) {
    const reason = messageOf((cause as Error).cause ?? cause);
    throw new HarnessError('PROXY_FAILED', `Toxiproxy at ${url} cannot be reached: ${reason}`, {
      cause,
      hint: 'is it running, and is --toxiproxy-url its API (port 8474)?',
    });
  }
}

/** The address that a client uses: a server that listens everywhere is reached where its API is. */
function reachable(listen: string, apiUrl: string): string {
  const port = listen.slice(listen.lastIndexOf(':') + 1);
  return `${new URL(apiUrl).hostname}:${port}`;
}

/** Finds or creates the proxies. */
export async function externalProxies(
  context: StartContext,
  apiUrl: string,
  upstreams: Record<Dependency, string>,
  teardown: Teardown,
): Promise<{ control: Control; proxies: StackProxy[]; version: string; notes: string[] }> {
  const there = await existing(apiUrl);
  const control = connectToxiproxy(apiUrl);
  const used: string[] = [];
  const proxies = await Promise.all(
    proxyNames(context.instances).map(async (proxy): Promise<StackProxy> => {
      const found = there.get(proxy.name);
      if (found) {
        used.push(proxy.name);
        return { ...proxy, listen: reachable(found.listen, apiUrl) };
      }
      context.journal.write({ kind: 'proxy', toxiproxyUrl: apiUrl, name: proxy.name });
      teardown.add(`the proxy ${proxy.name}`, () => control.remove(proxy.name));
      const created = await control.create({
        name: proxy.name,
        listen: '0.0.0.0:0',
        upstream: upstreams[proxy.dependency],
      });
      return { ...proxy, listen: reachable(created.listen, apiUrl) };
    }),
  );
  const notes = used.length === 0 ? [] : [`Proxies that were there already were used: ${used.toSorted().join(', ')}.`];
  return { control, proxies, version: `Toxiproxy ${await control.version()}`, notes };
}
