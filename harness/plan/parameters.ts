/** Parses `--set` values against the schemas of the profile, the defences and the stock strategy. */
import type { z } from 'zod';
import { HarnessError } from '../contract/errors.ts';
import { unknownName } from '../kit/suggest.ts';

/** Something with parameters: a profile, a defence, a stock strategy, a fault. */
interface Parameterised {
  id: string;
  parameters: z.ZodObject;
}

/**
 * @param kind for messages, for example `profile`
 * @returns the parameters with defaults filled in
 * @throws HarnessError UNKNOWN_NAME for a parameter that does not exist, BAD_PARAMETER for a wrong value
 */
export function parseParameters(
  kind: string,
  owner: Parameterised,
  given: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const known = Object.keys(owner.parameters.shape);
  for (const name of Object.keys(given))
    if (!known.includes(name)) throw unknownName(`parameter of the ${kind} ${owner.id}:`, name, known);
  const parsed = owner.parameters.safeParse(given);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  const name = String(issue.path[0]);
  const description = (owner.parameters.shape[name] as z.ZodType | undefined)?.description;
  throw new HarnessError(
    'BAD_PARAMETER',
    `${kind} ${owner.id}: ${issue.path.join('.')}=${String(given[name])}: ${issue.message}`,
    {
      hint: description && `${name}: ${description}`,
    },
  );
}

/** Splits `{ keys: 1, 'xfetch.beta': 2 }` by owner; what has no owner belongs to the profile (`''`). */
export function byOwner(set: Readonly<Record<string, unknown>>): Map<string, Record<string, unknown>> {
  const owners = new Map<string, Record<string, unknown>>();
  for (const [path, value] of Object.entries(set)) {
    const at = path.lastIndexOf('.');
    const owner = at < 0 ? '' : path.slice(0, at);
    owners.set(owner, { ...owners.get(owner), [path.slice(at + 1)]: value });
  }
  return owners;
}
