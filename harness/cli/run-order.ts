/**
 * The order in which a comparison's runs take place. Repeats are outermost, A B A B and not A A B B, so that a machine
 * that drifts does so for all; and within each round chance decides who goes first, so that nobody always runs on what
 * another left behind. The seed repeats the order.
 */
import { seededRandom } from '../kit/random.ts';

/**
 * @param perRound runs of one repeat
 * @param repeats rounds; a single one is run as it was written
 * @returns indices of plans that are listed round by round
 */
export function runOrder(perRound: number, repeats: number, seed: number): number[] {
  return Array.from({ length: repeats }, (_, round) => {
    const own = Array.from({ length: perRound }, (_, i) => round * perRound + i);
    return repeats === 1 ? own : shuffled(own, seed, round);
  }).flat();
}

/** Fisher and Yates. */
function shuffled(indices: number[], seed: number, round: number): number[] {
  const random = seededRandom(seed, `order:${round}`);
  for (let i = indices.length - 1; i > 0; i--) {
    const j = Math.floor(random.next() * (i + 1));
    [indices[i], indices[j]] = [indices[j]!, indices[i]!];
  }
  return indices;
}
