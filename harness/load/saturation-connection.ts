/**
 * One autocannon connection under our control: what it sends, when it reconnects, and how each request ended.
 * Autocannon 9.0.0 keeps a broken connection's parser state and pending request, so that later answers are timed from
 * the wrong request, and it reconnects without a pause; both are put right here, by replacing methods of its client.
 */
import type { EventEmitter } from 'node:events';
import { messageOf } from '../contract/errors.ts';
import { absenceOf, classifyError, classifyStatus, errorCode, parseCacheStatus, versionOfTag } from './classify.ts';
import type { EndedRequest } from './recorder.ts';
import type { CompiledOperation } from './request-template.ts';

/** Pause before the next attempt after one that was refused. */
const BACK_OFF_MS = 50;
/** A timer may fire this much early. */
const TIMER_ROUNDING_MS = 2;

/** The parts of autocannon's client that are used here, from its `lib/httpClient.js`. */
export interface AutocannonClient extends EventEmitter {
  /** Ms; read once after `setupClient`. */
  timeout: number;
  destroyed: boolean;
  conn: object | undefined;
  parser: { reinitialize(type: unknown): void; constructor: { RESPONSE?: unknown } };
  setRequests(requests: { onResponse: (status: number, body: string) => void }[]): void;
  getRequestBuffer(): Buffer | string;
  _connect(): void;
  _destroyConnection(): void;
  _doRequest(): void;
}

/** A request with what is needed to write and judge it. */
export interface SaturationRequest extends EndedRequest {
  compiled: CompiledOperation;
}

export interface SaturationOwner {
  readonly timeoutMs: number;
  /** True when nothing more is to be sent. */
  readonly closing: boolean;
  /** True where an answer's body is looked at. */
  readonly needsBodies: boolean;
  nowMs(): number;
  take(instance: number): SaturationRequest;
  ended(request: SaturationRequest): void;
  connecting(again: boolean): void;
}

/**
 * Takes a client over; to be called from `setupClient`, before its first connection.
 *
 * @param host value of the Host header
 */
export function takeOver(client: AutocannonClient, owner: SaturationOwner, instance: number, host: string): void {
  const connect = client._connect;
  const doRequest = client._doRequest;
  let current: SaturationRequest | null = null;
  let retryAfter = false;
  let body: string | null = null;
  let lastError: Error | null = null;
  /** The answer said `Connection: close`: what is written after it would be lost. */
  let serverCloses = false;
  client.timeout = owner.timeoutMs;

  const end = (request: SaturationRequest): void => {
    current = null;
    if (request.outcome === 'timeout') request.cacheOutcome = null;
    owner.ended(request);
  };

  const lose = (request: SaturationRequest): void => {
    const waitedMs = owner.nowMs() - request.atMs;
    if (waitedMs >= owner.timeoutMs - TIMER_ROUNDING_MS) request.outcome = 'timeout';
    else {
      request.outcome = lastError === null ? 'reset' : classifyError(lastError);
      request.detail = lastError === null ? 'closed' : errorCode(lastError) || messageOf(lastError);
    }
    end(request);
  };

  client._connect = () => {
    const again = client.conn !== undefined;
    serverCloses = false;
    if (again) client._destroyConnection();
    if (current !== null) lose(current);
    client.parser.reinitialize(client.parser.constructor.RESPONSE);
    const refused = lastError !== null && classifyError(lastError) === 'refused';
    lastError = null;
    const go = (): void => {
      if (client.destroyed || owner.closing) return;
      owner.connecting(again);
      connect.call(client);
    };
    if (refused) setTimeout(go, BACK_OFF_MS);
    else go();
  };
  client._doRequest = () => {
    if (owner.closing) return;
    if (!serverCloses) doRequest.call(client);
    else {
      serverCloses = false;
      client._connect();
    }
  };
  client.getRequestBuffer = () => {
    current = owner.take(instance);
    retryAfter = false;
    body = null;
    return wireText(current, host);
  };

  client.on('connError', (error: Error) => (lastError = error));
  client.on('headers', ({ headers, shouldKeepAlive }: { headers: string[]; shouldKeepAlive: boolean }) => {
    serverCloses = !shouldKeepAlive;
    for (let i = 0; i < headers.length; i += 2) {
      const name = headers[i]!;
      if (name.length === 12 && name.toLowerCase() === 'cache-status' && current !== null)
        current.cacheOutcome = parseCacheStatus(headers[i + 1]);
      else if (name.length === 11 && name.toLowerCase() === 'retry-after') retryAfter = true;
      else if (name.length === 4 && current?.compiled.recordVersions && name.toLowerCase() === 'etag')
        current.version = versionOfTag(headers[i + 1]);
    }
  });
  // Autocannon collects bodies anyway, but hands them out only to requests that ask.
  if (owner.needsBodies) client.setRequests([{ onResponse: (_status, text) => (body = text) }]);
  client.on('response', (status: number) => {
    if (current === null || status < 200) return;
    judge(current, status, retryAfter, body);
    if (owner.nowMs() - current.atMs >= owner.timeoutMs) current.outcome = 'timeout';
    end(current);
  });
}

function judge(request: SaturationRequest, status: number, hasRetryAfter: boolean, body: string | null): void {
  const { rejectedStatuses, identity } = request.compiled;
  const absence = absenceOf(status, request.key, request.compiled);
  request.outcome = classifyStatus(status, rejectedStatuses, hasRetryAfter, absence);
  if (absence === 'right') request.cacheOutcome = 'absent';
  if (status >= 400) request.detail = String(status);
  if (request.outcome !== 'ok' || identity === null || status >= 300) return;
  const wanted = identity(request.key, request.user, request.id);
  if (body?.includes(wanted)) return;
  request.outcome = 'wrong-answer';
  request.detail = `no ${wanted} in ${JSON.stringify(body?.slice(0, 120) ?? '')}`;
}

/** The request as it goes over the wire (RFC 9112). */
function wireText({ compiled, key, user, id }: SaturationRequest, host: string): string {
  let text = `${compiled.method} ${compiled.path(key, user, id)} HTTP/1.1\r\nHost: ${host}\r\nConnection: keep-alive\r\n`;
  for (let i = 0; i < compiled.headers.length; i += 2) text += `${compiled.headers[i]}: ${compiled.headers[i + 1]}\r\n`;
  if (compiled.body === null) return compiled.method === 'GET' ? `${text}\r\n` : `${text}Content-Length: 0\r\n\r\n`;
  const body = compiled.body(key, user, id);
  return `${text}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}
