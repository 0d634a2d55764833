/** Choosing by weight: the operation of a request and the part of a key mixture are drawn in the same way. */
import { HarnessError } from '../contract/errors.ts';
import type { Random } from '../contract/time.ts';

/**
 * Draws indexes in proportion to their weights.
 *
 * @param name for messages
 * @throws HarnessError BAD_PARAMETER when a weight is negative or not a number, or all are zero
 */
export function createPicker(weights: readonly number[], random: Random, name: string): () => number {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  if (!(sum > 0) || !Number.isFinite(sum) || weights.some((weight) => !(weight >= 0)))
    throw new HarnessError('BAD_PARAMETER', `${name}: the weights ${weights.join(', ')} cannot be drawn from`, {
      hint: 'weights are numbers from 0 up, at least one of them above 0',
    });
  const last = weights.findLastIndex((weight) => weight > 0);
  let reached = 0;
  const ends = weights.map((weight) => (reached += weight / sum));
  return () => {
    const draw = random.next();
    for (let i = 0; i < last; i++) if (draw < ends[i]!) return i;
    return last;
  };
}
