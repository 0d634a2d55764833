/**
 * How a sharded store is told, while it serves, that shards come or go: both sides, the one who tells and the one who
 * is told, know these keys in the Redis that every run has.
 */

/** Holds the number of shards that are to hold keys, as text; not there while it is the number that the plan says. */
export const RESHARD_KEY = 'cachequake:shards';

/** A hash by instance: what it has done, as JSON of {@link ReshardApplied}. */
export const RESHARD_APPLIED_KEY = 'cachequake:shards:applied';

export interface ReshardApplied {
  shards: number;
  /** Share of the keys that have another place than before, 0 to 1. */
  movedShare: number;
}
