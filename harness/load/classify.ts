/**
 * How a request ended, from its status, headers, body and error. Failures are told apart, because an overload that
 * sheds, a business refusal, a dead process and a mixed-up answer mean different things to whoever reads the result.
 */
import { CACHE_OUTCOMES, type CacheOutcome } from '../contract/defence.ts';
import type { WriteRecord } from '../contract/load.ts';
import type { RequestOutcome } from '../contract/operation.ts';

/**
 * The outcome of an answered request, before its body was looked at. Statuses that the template names as a refusal
 * come first; a 503 is `shed` only with Retry-After (RFC 9110, 15.6.4).
 *
 * @param absence what a status says that means "not there": null where this status does not say so, otherwise whether
 *   that is right for the key that was asked for
 */
export function classifyStatus(
  status: number,
  rejectedStatuses: ReadonlySet<number>,
  hasRetryAfter: boolean,
  absence: 'right' | 'wrong' | null = null,
): RequestOutcome {
  if (rejectedStatuses.has(status)) return 'rejected';
  if (absence !== null) return absence === 'right' ? 'ok' : 'wrong-answer';
  if (status < 400) return 'ok';
  if (status === 503 && hasRetryAfter) return 'shed';
  return status < 500 ? 'client-error' : 'server-error';
}

/**
 * What an answer says about the absence of its key. A load that does not know which keys are there (`absentFromKey` is
 * null) learns nothing from it, and the status counts as any other of its class.
 */
export function absenceOf(
  status: number,
  key: number,
  compiled: { absentStatuses: ReadonlySet<number>; absentFromKey: number | null },
): 'right' | 'wrong' | null {
  if (compiled.absentFromKey === null || !compiled.absentStatuses.has(status)) return null;
  return key >= compiled.absentFromKey ? 'right' : 'wrong';
}

const NOT_CONNECTED: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EADDRNOTAVAIL',
  'EMFILE',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** The outcome of a request that got no answer: `refused` when no connection came about, `reset` otherwise. */
export function classifyError(error: unknown): 'refused' | 'reset' {
  return NOT_CONNECTED.has(errorCode(error)) ? 'refused' : 'reset';
}

/** The code of a network error; of the first of several when all addresses of a host were tried. */
export function errorCode(error: unknown): string {
  const { code, errors } = error as { code?: unknown; errors?: { code?: unknown }[] };
  const found = code ?? errors?.[0]?.code;
  return typeof found === 'string' ? found : '';
}

/**
 * What the client knows of a write. A timeout, a reset or a server error leaves it open whether the write was done;
 * a refusal at any level says that it was not.
 *
 * @param wasSent false where the request never reached a connection
 */
export function writeStatus(outcome: RequestOutcome, wasSent: boolean): WriteRecord['status'] {
  if (!wasSent) return 'rejected';
  switch (outcome) {
    case 'ok':
      return 'acknowledged';
    case 'rejected':
    case 'shed':
    case 'refused':
    case 'client-error':
      return 'rejected';
    default:
      return 'unknown';
  }
}

const OUTCOME_NAMES: ReadonlySet<string> = new Set(CACHE_OUTCOMES);

/**
 * Reads `Cache-Status` (RFC 9211), whose last member is the cache nearest to the client, and that one speaks. Only where
 * it went on for the answer does a cache behind it have the word, if its `detail` names one of our outcomes.
 */
export function parseCacheStatus(header: string | string[] | undefined): CacheOutcome | null {
  if (header === undefined) return null;
  const members = splitOutsideQuotes(typeof header === 'string' ? header : header.join(','), ',');
  let nearest: CacheOutcome | null | undefined;
  for (const member of members.toReversed()) {
    const { detail, plain } = parseMember(member);
    if (detail !== null) return detail;
    if (nearest === undefined) nearest = plain;
    if (nearest === 'hit') break;
  }
  return nearest ?? null;
}

function parseMember(member: string): { detail: CacheOutcome | null; plain: CacheOutcome | null } {
  const [, ...parameters] = splitOutsideQuotes(member, ';').map((part) => part.trim());
  let plain: CacheOutcome | null = null;
  for (const parameter of parameters) {
    const [name, raw = ''] = splitOutsideQuotes(parameter, '=');
    const value = raw.trim().replace(/^"(.*)"$/, '$1');
    if (name === 'detail' && OUTCOME_NAMES.has(value)) return { detail: value as CacheOutcome, plain };
    if (name === 'hit' && raw !== '?0') plain = 'hit';
    if (name === 'fwd') plain = FORWARDED[value] ?? null;
  }
  return { detail: null, plain };
}

const FORWARDED: Readonly<Record<string, CacheOutcome>> = {
  miss: 'miss',
  'uri-miss': 'miss',
  'vary-miss': 'miss',
  stale: 'stale',
  bypass: 'bypass',
  request: 'bypass',
};

function splitOutsideQuotes(text: string, separator: string): string[] {
  if (!text.includes('"')) return text.split(separator);
  const parts: string[] = [];
  let quoted = false;
  let from = 0;
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (character === '\\' && quoted) i += 1;
    else if (character === '"') quoted = !quoted;
    else if (character === separator && !quoted) {
      parts.push(text.slice(from, i));
      from = i + 1;
    }
  }
  parts.push(text.slice(from));
  return parts;
}

/** The version that an entity tag ends with, as in `"product:7-v3"`; -1 where it has no number. */
export function versionOfTag(header: string | string[] | undefined): number {
  const digits = typeof header === 'string' ? /(\d{1,15})"?$/.exec(header)?.[1] : undefined;
  return digits === undefined ? -1 : Number(digits);
}
