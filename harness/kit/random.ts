/**
 * Seeded randomness. Every stream of a run is derived from the run's seed and a name, so that adding a stream does
 * not shift the others and a seed repeats the run.
 */
import { createHash } from 'node:crypto';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { Random } from '../contract/time.ts';

/**
 * A random stream.
 *
 * @param seed the run's seed, any integer
 * @param stream names the stream, for example `arrivals` or `keys:read-item`
 */
export function seededRandom(seed: number, stream = ''): Random {
  const digest = createHash('sha256').update(`${seed}/${stream}`).digest();
  const generator = xoroshiro128plus(digest.readInt32LE(0));
  return { next: () => uniformFloat64(generator) };
}
