/**
 * Toxiproxy's HTTP API: which route does what, with the statuses and texts that its clients know. Errors are JSON sent
 * as text/plain, browsers are turned away, and one route of ours tells how many connections a fault has touched.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { messageOf } from '../contract/errors.ts';
import { ApiError, badRequestBody } from './api-error.ts';
import type { Metrics } from './metrics.ts';
import type { ProxyCollection } from './proxy-collection.ts';
import { parseBody } from './request-body.ts';
import { toxicJson } from './toxic.ts';

/** The Toxiproxy whose behaviour this is. */
export const TOXIPROXY_VERSION = '2.12.0';

const MOST_BODY_BYTES = 1024 * 1024;

interface Answer {
  status: number;
  type?: string;
  text?: string;
}

interface Call {
  proxy: string;
  toxic: string;
  /** The body as text, read once. */
  text(): Promise<string>;
}

interface Route {
  methods: readonly string[];
  /** Parts of the path; `:proxy` and `:toxic` take any text. */
  path: readonly string[];
  answer(call: Call): Answer | Promise<Answer>;
}

const json = (status: number, value: unknown): Answer => ({
  status,
  type: 'application/json',
  text: JSON.stringify(value),
});
const NO_CONTENT: Answer = { status: 204 };

function routes(proxies: ProxyCollection, metrics: Metrics): Route[] {
  const route = (methods: string, path: string, answer: Route['answer']): Route => ({
    methods: methods.split(' '),
    path: path.split('/').slice(1),
    answer,
  });
  /** A route that changes something: its body is read, then it waits for its turn; what is not there comes first. */
  const change = (
    methods: string,
    path: string,
    answer: (call: Call, body: () => unknown) => Answer | Promise<Answer>,
  ) =>
    route(methods, path, async (call) => {
      const text = await call.text();
      return proxies.serially(() => answer(call, () => parseBody(text)));
    });
  const act = (methods: string, path: string, answer: Route['answer']) =>
    route(methods, path, (call) => proxies.serially(() => answer(call)));

  return [
    route('GET', '/version', () => ({
      status: 200,
      type: 'application/json;charset=utf-8',
      text: `{"version": "${TOXIPROXY_VERSION}"}\n`,
    })),
    route('GET', '/metrics', async () => ({
      status: 200,
      type: 'text/plain; version=0.0.4; charset=utf-8',
      text: await metrics.text(),
    })),
    route('GET', '/proxies', () => json(200, proxies.json())),
    change('POST', '/proxies', async (_, body) => json(201, (await proxies.create(body())).json())),
    route('GET', '/proxies/:proxy', ({ proxy }) => json(200, proxies.get(proxy).json())),
    change('POST PATCH', '/proxies/:proxy', async ({ proxy: name }, body) => {
      const proxy = proxies.get(name);
      await proxies.update(proxy, body());
      return json(200, proxy.json());
    }),
    act('DELETE', '/proxies/:proxy', ({ proxy }) => {
      proxies.remove(proxy);
      return NO_CONTENT;
    }),
    route('GET', '/proxies/:proxy/toxics', ({ proxy }) => json(200, proxies.get(proxy).toxics.json())),
    change('POST', '/proxies/:proxy/toxics', ({ proxy }, body) =>
      json(200, toxicJson(proxies.get(proxy).toxics.add(body()))),
    ),
    route('GET', '/proxies/:proxy/toxics/:toxic', ({ proxy, toxic }) =>
      json(200, toxicJson(proxies.get(proxy).toxics.get(toxic))),
    ),
    change('POST PATCH', '/proxies/:proxy/toxics/:toxic', ({ proxy, toxic: name }, body) => {
      const { toxics } = proxies.get(proxy);
      const toxic = toxics.get(name);
      toxics.update(toxic, body());
      return json(200, toxicJson(toxic));
    }),
    act('DELETE', '/proxies/:proxy/toxics/:toxic', ({ proxy, toxic }) => {
      proxies.get(proxy).toxics.remove(toxic);
      return NO_CONTENT;
    }),
    change('POST', '/populate', async (_, body) => {
      const { proxies: done, error } = await proxies.populate(body);
      const list = done.length === 0 ? null : done.map((proxy) => proxy.json());
      if (!error) return json(201, { proxies: list });
      return json(error.status, { error: error.message, status: error.status, proxies: list });
    }),
    act('POST', '/reset', async () => {
      await proxies.reset();
      return NO_CONTENT;
    }),
    route('GET', '/cachequake/proxies/:proxy/connections', ({ proxy }) => json(200, proxies.get(proxy).connections())),
  ];
}

/** The request listener for a server of these proxies. */
export function apiHandler(
  proxies: ProxyCollection,
  metrics: Metrics,
): (request: IncomingMessage, response: ServerResponse) => void {
  const table = routes(proxies, metrics);
  return (request, response) => {
    void answerTo(table, request).then((answer) => {
      response.statusCode = answer.status;
      if (answer.type !== undefined) response.setHeader('Content-Type', answer.type);
      if (answer.type?.startsWith('text/plain')) response.setHeader('X-Content-Type-Options', 'nosniff');
      response.end(answer.text);
    });
  };
}

async function answerTo(table: readonly Route[], request: IncomingMessage): Promise<Answer> {
  try {
    if (request.headers['user-agent']?.startsWith('Mozilla/')) return plain(403, 'User agent not allowed');
    const parts = pathParts(request.url ?? '/');
    const matching = table.filter((route) => matches(route.path, parts));
    if (matching.length === 0) return plain(404, '404 page not found');
    const route = matching.find((one) => one.methods.includes(request.method ?? ''));
    if (!route) return { status: 405 };
    const part = (name: string): string => parts[route.path.indexOf(name)] ?? '';
    return await route.answer({
      proxy: part(':proxy'),
      toxic: part(':toxic'),
      text: () => readText(request),
    });
  } catch (error) {
    const status = error instanceof ApiError ? error.status : 500;
    return plain(status, JSON.stringify({ error: messageOf(error), status }));
  }
}

function plain(status: number, text: string): Answer {
  return { status, type: 'text/plain; charset=utf-8', text: `${text}\n` };
}

function pathParts(url: string): string[] {
  const path = url.split('?', 1)[0] ?? '';
  try {
    return path.split('/').slice(1).map(decodeURIComponent);
  } catch {
    return [];
  }
}

function matches(path: readonly string[], parts: readonly string[]): boolean {
  return (
    path.length === parts.length &&
    path.every((expected, at) => (expected.startsWith(':') ? parts[at] !== '' : parts[at] === expected))
  );
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MOST_BODY_BYTES) throw badRequestBody('request body too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
