/**
 * When a gate looks at what it has, and what part of the error rate each look may spend. A clear pass may end a gate at
 * its first look. So may a regression that every pair shows, for which a quarter of the error rate is set aside; the
 * rest is for the last look (Bonferroni over the looks, so both together err no more often than was said).
 */
import type { GateRules } from '../../contract/gate.ts';

/** Where a gate stands: before its first look, at it, between the looks, or at the last. */
export type Look = 'before' | 'first' | 'between' | 'last';

/**
 * 12 pairs that all point the same way have p = 1/4,096, which a quarter of 1 % has room for ten times: as many
 * measures can be judged so, each with a test. A smaller part would never be spent.
 */
const SHARE_OF_FIRST_LOOK = 0.25;

/** Error rate over all measures together with which a change may be told at this look; all of it for what is only shown. */
export function alphaAt(look: Look, { alpha, firstLook, lastLook }: GateRules): number {
  if (firstLook === lastLook || look === 'before' || look === 'between') return alpha;
  return alpha * (look === 'first' ? SHARE_OF_FIRST_LOOK : 1 - SHARE_OF_FIRST_LOOK);
}

/**
 * Where a gate stands.
 *
 * @param count pairs, or trials against a baseline, that count
 * @param noMore no more will come: what there is, is decided as at the last look
 */
export function lookOf(count: number, { firstLook, lastLook }: GateRules, noMore: boolean): Look {
  if (noMore || count >= lastLook) return 'last';
  if (count === firstLook) return 'first';
  return count < firstLook ? 'before' : 'between';
}
