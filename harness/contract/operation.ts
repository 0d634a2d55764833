/**
 * The abstract things that traffic does, and how a target turns each into an HTTP request. Requests are data and not
 * code, so that they travel to the generator processes and stand in the plan as they were sent.
 */

export const OPERATIONS = [
  'read-item',
  'write-item',
  'purchase',
  'list-page',
  'count',
  'post',
  'read-feed',
  'touch-session',
  'renew-token',
] as const;
export type OperationId = (typeof OPERATIONS)[number];

/**
 * How one operation becomes a request. `{key}`, `{user}` and `{id}` are replaced in path, body and `identity`,
 * `{key+1}` and `{user+1}` for a service that counts from 1:
 * the item's key (a number from the key stream), the user's number, and an id that is unique in the run.
 */
export interface RequestTemplate {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  path: string;
  headers?: Record<string, string>;
  body?: string;
  /** A successful answer's body must contain this text: proves that a value names the key that was asked for. */
  identity?: string;
  /** Statuses that are a definite refusal (sold out, limit reached): counted as `rejected`, not as an error. */
  rejectedStatuses?: readonly number[];
  /**
   * Statuses that say that the item is not there. Right for a key that the plan knows to be absent, and then counted as
   * `ok` with the cache outcome `absent`; for a key that exists it is a `wrong-answer`.
   */
  absentStatuses?: readonly number[];
  /** Every send and its outcome is kept, for checks such as "no lost order". */
  recordWrites?: boolean;
}

/**
 * How a request ended. `shed` is a 503 with Retry-After; `rejected` a definite business refusal; `wrong-answer` a
 * success whose body names another key. A `timeout` or `reset` of a write is *unknown*, never failed.
 */
export const REQUEST_OUTCOMES = [
  'ok',
  'rejected',
  'shed',
  'timeout',
  'reset',
  'refused',
  'client-error',
  'server-error',
  'wrong-answer',
] as const;
export type RequestOutcome = (typeof REQUEST_OUTCOMES)[number];

/** Outcomes that count as errors. Shed and rejected requests are reported apart. */
export const ERROR_OUTCOMES: ReadonlySet<RequestOutcome> = new Set([
  'timeout',
  'reset',
  'refused',
  'client-error',
  'server-error',
  'wrong-answer',
]);
