/**
 * Reads a stack as people write it (`xfetch+single-flight`), and refuses one that cannot work before anything starts:
 * the layers decide the order, so a stack is a set, and two defences for one place are seen here.
 */
import { type Defence, LAYERS } from '../contract/defence.ts';
import { HarnessError } from '../contract/errors.ts';
import type { NamedStack } from '../contract/named-stack.ts';
import type { StoreCapability } from '../contract/store.ts';

/** Layers that hold any number of defences, one after the other. */
const CHAINING = new Set(['admission', 'tier', 'guard', 'lifetime']);

/** `'xfetch + jitter'` → `['xfetch', 'jitter']`. */
function splitStack(text: string): string[] {
  const names = text.split('+').map((name) => name.trim());
  if (names.some((name) => name === ''))
    throw new HarnessError('USAGE', `'${text}' is not a stack of defences`, {
      hint: 'for example xfetch+single-flight+jitter',
    });
  return names;
}

/**
 * Puts its members in the place of each named stack.
 *
 * @returns ids of defences, and the parameters that the named stacks give them
 */
export function expandStack(
  text: string,
  stacks: ReadonlyMap<string, NamedStack>,
): { ids: string[]; parameters: Record<string, Record<string, unknown>> } {
  const parameters: Record<string, Record<string, unknown>> = {};
  const ids = splitStack(text).flatMap((name) => {
    const stack = stacks.get(name);
    if (!stack) return [name];
    for (const [id, given] of Object.entries(stack.parameters ?? {})) parameters[id] = { ...parameters[id], ...given };
    return splitStack(stack.members);
  });
  return { ids, parameters };
}

/**
 * The defences in the order of their layers.
 *
 * @param fitting names of the stores that can do all this, for the hint
 * @throws HarnessError BAD_PLAN where two exclude each other, fill one place, or need what the store lacks
 */
export function orderStack(
  defences: readonly Defence[],
  store: { id: string; capabilities: ReadonlySet<StoreCapability> },
  fitting: (needs: readonly StoreCapability[]) => string = () => '',
): Defence[] {
  const seen = new Map<string, Defence>();
  for (const defence of defences) {
    if (seen.has(defence.id)) throw new HarnessError('BAD_PLAN', `'${defence.id}' stands twice in the stack`);
    for (const other of seen.values()) {
      const reason = defence.excludes?.[other.id] ?? other.excludes?.[defence.id] ?? clash(defence, other);
      if (reason)
        throw new HarnessError('BAD_PLAN', `'${other.id}' and '${defence.id}' cannot stand in one stack: ${reason}`, {
          hint: 'drop one of them',
        });
    }
    const missing = defence.needs.filter((need) => !store.capabilities.has(need));
    if (missing.length > 0) {
      const names = fitting(defence.needs);
      throw new HarnessError(
        'BAD_PLAN',
        `'${defence.id}' needs ${missing.join(', ')}, which the store '${store.id}' does not have`,
        names === '' ? {} : { hint: `stores that have it: ${names}` },
      );
    }
    seen.set(defence.id, defence);
  }
  return [...seen.values()].sort((a, b) => place(a) - place(b));
}

function place(defence: Defence): number {
  return defence.layer === null ? -1 : LAYERS.indexOf(defence.layer) * 2 + (defence.scope === 'cluster' ? 1 : 0);
}

function clash(a: Defence, b: Defence): string | null {
  if (a.id === 'no-cache' || b.id === 'no-cache') return 'no-cache skips every layer';
  if (a.layer === null || b.layer === null || a.layer !== b.layer || CHAINING.has(a.layer)) return null;
  if (a.layer === 'coordination' && a.scope !== b.scope) return null;
  return `both fill the ${a.layer} layer${a.layer === 'coordination' ? ` of one ${a.scope ?? 'process'}` : ''}`;
}
