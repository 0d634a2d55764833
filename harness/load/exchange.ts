/**
 * One request of the open loop and its answer: what undici calls back into. It knows when it was meant to leave, when
 * it left and how it ended, and ends exactly once, be it by an answer, an error or its timeout.
 */
import type { Dispatcher } from 'undici';
import type { CacheOutcome } from '../contract/defence.ts';
import { messageOf } from '../contract/errors.ts';
import type { RequestOutcome } from '../contract/operation.ts';
import { absenceOf, classifyError, classifyStatus, errorCode, parseCacheStatus, versionOfTag } from './classify.ts';
import type { Connection, Sendable } from './connections.ts';
import type { EndedRequest } from './recorder.ts';
import type { CompiledOperation } from './request-template.ts';

const EXCERPT_LENGTH = 120;

/** What an exchange needs from the generator that sent it. */
export interface ExchangeOwner {
  /** Ms from the start of the load. */
  nowMs(): number;
  readonly timeoutMs: number;
  /** @param broken true when the connection must not be used again */
  ended(exchange: Exchange, broken: boolean): void;
}

export class Exchange implements Sendable, EndedRequest {
  readonly options: Dispatcher.DispatchOptions;
  readonly operation: number;
  readonly key: number;
  readonly user: number;
  readonly id: string;
  readonly segment: number;
  readonly atMs: number;
  sentAtMs = -1;
  endedAtMs = 0;
  outcome: RequestOutcome = 'ok';
  cacheOutcome: CacheOutcome | null = null;
  detail = '';
  version = -1;
  ended = false;
  connection: Connection | null = null;
  /** Neighbours in the list of requests in flight, by arrival. */
  previous: Exchange | null = null;
  following: Exchange | null = null;

  readonly #owner: ExchangeOwner;
  readonly #compiled: CompiledOperation;
  #status = 0;
  #chunks: Buffer[] | null = null;

  constructor(
    owner: ExchangeOwner,
    compiled: CompiledOperation,
    due: { operation: number; key: number; user: number; segment: number; atMs: number },
    id: string,
  ) {
    this.#owner = owner;
    this.#compiled = compiled;
    this.operation = due.operation;
    this.key = due.key;
    this.user = due.user;
    this.segment = due.segment;
    this.atMs = due.atMs;
    this.id = id;
    this.options = {
      path: compiled.path(due.key, due.user, id),
      method: compiled.method,
      headers: compiled.headers,
      body: compiled.body === null ? null : compiled.body(due.key, due.user, id),
    };
  }

  /** Gives up: an answer that comes later is not looked at. */
  timeOut(): void {
    this.#end('timeout', true);
  }

  onRequestStart(): void {
    this.sentAtMs = this.#owner.nowMs();
  }

  onResponseStart(_controller: unknown, status: number, headers: Record<string, string | string[] | undefined>): void {
    if (status < 200) return;
    this.#status = status;
    const { rejectedStatuses } = this.#compiled;
    const absence = absenceOf(status, this.key, this.#compiled);
    this.outcome = classifyStatus(status, rejectedStatuses, headers['retry-after'] !== undefined, absence);
    // Whatever the cache calls it, there is no value that it could have had.
    this.cacheOutcome = absence === 'right' ? 'absent' : parseCacheStatus(headers['cache-status']);
    if (this.#compiled.recordVersions) this.version = versionOfTag(headers['etag']);
    // Only what is looked at is kept: the identity of a success, the reason of a failure.
    if (status < 300 ? this.#compiled.identity !== null : status >= 400) this.#chunks = [];
  }

  onResponseData(_controller: unknown, chunk: Buffer): void {
    this.#chunks?.push(chunk);
  }

  onResponseEnd(): void {
    if (this.ended) return;
    const { identity } = this.#compiled;
    if (this.outcome === 'ok' && identity !== null && this.#status < 300) {
      const wanted = identity(this.key, this.user, this.id);
      const body = this.#body();
      if (!body.includes(wanted)) {
        this.outcome = 'wrong-answer';
        this.detail = `no ${wanted} in ${excerpt(body)}`;
      }
    } else if (this.#status >= 400) this.detail = `${this.#status} ${excerpt(this.#body())}`;
    this.#end(this.outcome, false);
  }

  onResponseError(_controller: unknown, error: Error): void {
    if (this.ended) return;
    this.detail = errorCode(error) || messageOf(error);
    this.cacheOutcome = null;
    this.#end(classifyError(error), true);
  }

  #body(): Buffer {
    const chunks = this.#chunks ?? [];
    return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
  }

  #end(outcome: RequestOutcome, broken: boolean): void {
    if (this.ended) return;
    this.ended = true;
    this.endedAtMs = this.#owner.nowMs();
    this.outcome = outcome;
    // An answer that came after the client's patience had run out, though before its timer: nobody waits for it.
    if (this.endedAtMs - this.atMs >= this.#owner.timeoutMs) this.outcome = 'timeout';
    if (this.outcome === 'timeout') {
      this.cacheOutcome = null;
      this.detail = '';
    }
    this.#owner.ended(this, broken);
    this.#chunks = null;
  }
}

function excerpt(body: Buffer): string {
  const text = body.subarray(0, EXCERPT_LENGTH).toString('utf8');
  return JSON.stringify(body.length > EXCERPT_LENGTH ? `${text}…` : text);
}
