/**
 * What a service tells of its cache in standard headers, so that latency can be joined with cache outcome:
 * `Cache-Status` (RFC 9211), `Server-Timing` (W3C), `Age` and `ETag` (RFC 9110, 9111).
 */
import type { CacheOutcome } from '../../harness/contract/defence.ts';

/** RFC 9211 parameters by outcome. `detail` carries the exact outcome, which the RFC's own terms do not tell apart. */
const CACHE_STATUS: Readonly<Record<CacheOutcome, string>> = {
  hit: 'shop; hit; detail=hit',
  early: 'shop; fwd=stale; stored; detail=early',
  stale: 'shop; fwd=stale; detail=stale',
  waited: 'shop; fwd=miss; collapsed; detail=waited',
  miss: 'shop; fwd=miss; stored; detail=miss',
  absent: 'shop; fwd=miss; detail=absent',
  shed: 'shop; detail=shed',
  bypass: 'shop; fwd=bypass; detail=bypass',
};

/** The value of `Cache-Status` for an outcome, for example `shop; fwd=miss; stored; detail=miss`. */
export function cacheStatus(outcome: CacheOutcome): string {
  return CACHE_STATUS[outcome];
}

/**
 * The value of `Server-Timing`, in milliseconds.
 *
 * @param totalMs from the start of the read to its end
 * @param databaseMs time of the load that this request made; null where it made none
 * @param waitedMs time spent waiting for somebody else's load
 */
export function serverTiming(totalMs: number, databaseMs: number | null, waitedMs: number): string {
  const cacheMs = Math.max(0, totalMs - (databaseMs ?? 0) - waitedMs);
  let text = `cache;dur=${cacheMs.toFixed(2)}`;
  if (databaseMs !== null) text += `, db;dur=${databaseMs.toFixed(2)}`;
  if (waitedMs > 0) text += `, wait;dur=${waitedMs.toFixed(2)}`;
  return text;
}

/** The entity tag of a version: `"product:7-v3"`. */
export function entityTag(key: string, version: number): string {
  return `"${key}-v${version}"`;
}

/** Does `If-None-Match` name this tag? Weak comparison, as RFC 9110 section 13.1.2 asks for. */
export function matchesTag(ifNoneMatch: string | undefined, tag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  if (ifNoneMatch.trim() === '*') return true;
  return ifNoneMatch.split(',').some((one) => one.trim().replace(/^W\//, '') === tag);
}
