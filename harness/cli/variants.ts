/**
 * What a comparison compares: every combination of the stacks, stores, write and stock strategies and parameter values
 * that were named, each with a label of what tells it from the others.
 */
import { HarnessError } from '../contract/errors.ts';
import type { Variant } from './options.ts';

const DEFAULT_DEFENCES = ['cache-aside', 'single-flight', 'lock-wait', 'xfetch'];

/** One thing that may differ, with the values that were named for it. */
interface Dimension {
  name: string;
  values: string[];
  apply(variant: Variant, value: string): Variant;
}

/**
 * @param own true for a service of the user's own, which has no defences to compare
 * @param flags `defence`, `store`, `write`, `stock`, `edge`: names separated by commas; `vary`: `parameter=value,value`
 * @throws HarnessError USAGE where a list cannot be read, or only one thing is left to run
 */
export function variantsOf(flags: Record<string, unknown>, own = false): Variant[] {
  const dimensions = [...named(flags), ...varied((flags['vary'] as string[] | undefined) ?? [])];
  const [defences] = dimensions;
  if (defences!.values.length === 0)
    defences!.values = own
      ? ['']
      : dimensions.some(({ values }) => values.length > 1)
        ? ['cache-aside']
        : DEFAULT_DEFENCES;
  const varying = dimensions.filter(({ values }) => values.length > 1);
  if (varying.length === 0)
    throw new HarnessError('USAGE', 'there is only one thing to compare', {
      hint: own
        ? 'name several values of a parameter, for example --vary ratePerSec=200,400; versions of a service are compared by cachequake gate'
        : 'name several, for example --defence cache-aside,xfetch or --vary keys=100,1000',
    });
  let made: { variant: Variant; labels: string[] }[] = [{ variant: { defence: '' }, labels: [] }];
  for (const { values, apply } of dimensions)
    if (values.length > 0)
      made = made.flatMap(({ variant, labels }) =>
        values.map((value) => ({
          variant: apply(variant, value),
          labels: values.length > 1 ? [...labels, value] : labels,
        })),
      );
  // A stack of the user's own file is named by its id, which only the plan knows.
  const stacksOnly = varying.length === 1 && varying[0] === defences;
  return made.map(({ variant, labels }) => (stacksOnly ? variant : { ...variant, label: labels.join(' / ') }));
}

function named(flags: Record<string, unknown>): Dimension[] {
  return (['defence', 'store', 'write', 'stock', 'edge'] as const).map((kind) => ({
    name: kind,
    values: flags[kind] === undefined ? [] : splitNames(flags[kind] as string, `--${kind}`),
    apply: (variant, value) => ({ ...variant, [kind]: value }),
  }));
}

/** `exponent=0.6,0.9` → a dimension of two values. */
function varied(texts: readonly string[]): Dimension[] {
  return texts.map((text) => {
    const at = text.indexOf('=');
    if (at <= 0)
      throw new HarnessError('USAGE', `--vary '${text}' is not parameter=value,value`, {
        hint: 'for example --vary exponent=0.6,0.9,1.2',
      });
    const name = text.slice(0, at).trim();
    return {
      name,
      values: splitNames(text.slice(at + 1), `--vary ${name}=`),
      apply: (variant, value) => ({ ...variant, set: [...(variant.set ?? []), `${name}=${value}`] }),
    };
  });
}

/** Names separated by commas, each once. */
export function splitNames(text: string, what: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  if (names.includes('')) throw new HarnessError('USAGE', `${what} '${text}' has an empty name`);
  if (new Set(names).size < names.length) throw new HarnessError('USAGE', `${what} '${text}' names something twice`);
  return names;
}
