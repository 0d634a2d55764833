/** Unknown names get the nearest known one, so that a typing slip costs a second and not a search. */
import { distance } from 'fastest-levenshtein';
import { HarnessError } from '../contract/errors.ts';

/** The nearest of `known`, or null where nothing is near enough to be meant. */
function nearest(name: string, known: readonly string[]): string | null {
  let best: string | null = null;
  let bestDistance = Math.max(2, Math.floor(name.length / 2)) + 1;
  for (const candidate of known) {
    const d = distance(name.toLowerCase(), candidate.toLowerCase());
    if (d < bestDistance) {
      best = candidate;
      bestDistance = d;
    }
  }
  return best;
}

/**
 * The error for a name that does not exist.
 *
 * @param kind for example `defence`
 * @param name what was asked for
 * @param known all that exist
 */
export function unknownName(kind: string, name: string, known: readonly string[]): HarnessError {
  const near = nearest(name, known);
  return new HarnessError('UNKNOWN_NAME', `there is no ${kind} '${name}'`, {
    hint: near === null ? `known: ${known.join(', ')}` : `did you mean '${near}'? known: ${known.join(', ')}`,
  });
}
