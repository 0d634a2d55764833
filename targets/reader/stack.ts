/**
 * Puts the members of a stack where they belong. A stack is a set: whatever order it is written in, each defence goes
 * to its layer, and what cannot stand together is refused with both names before the first read.
 */
import { LAYERS } from '../../harness/contract/defence.ts';
import type {
  AdmissionLayer,
  CoordinationLayer,
  Defence,
  DefenceContext,
  FreshnessLayer,
  GuardLayer,
  LayerId,
  LayerLife,
  LayerTypes,
  LifetimeLayer,
  TierLayer,
} from '../../harness/contract/defence.ts';
import { HarnessError } from '../../harness/contract/errors.ts';
import type { Store } from '../../harness/contract/store.ts';

/** A defence of a stack with the parameters that were chosen for it; those left out take their defaults. */
export interface StackMember {
  defence: Defence;
  parameters: Record<string, unknown>;
}

/** A stack ready for reading: at most one freshness layer, one coordination per scope, chains for the others. */
export interface ComposedStack {
  skipsStore: boolean;
  admission: AdmissionLayer[];
  /** The store behind all tiers. */
  store: Store;
  freshness: FreshnessLayer | null;
  process: CoordinationLayer | null;
  cluster: CoordinationLayer | null;
  guards: GuardLayer[];
  lifetimes: LifetimeLayer[];
  /** Every layer, for its start and its end. */
  layers: LayerLife[];
  /** The longest that any member wants an entry kept after its TTL. */
  keepAfterTtlMs: number;
  /** How long a marker of a row that does not exist lives; null where none is stored. */
  absentTtlMs: number | null;
}

function parametersOf({ defence, parameters }: StackMember): Record<string, unknown> {
  const parsed = defence.parameters.safeParse(parameters);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new HarnessError(
    'BAD_PARAMETER',
    `${defence.id}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.trim(),
  );
}

function refuse(message: string): never {
  throw new HarnessError('BAD_PLAN', message);
}

function checkStack(stack: readonly StackMember[], store: Store): void {
  const ids = new Set(stack.map(({ defence }) => defence.id));
  if (ids.size < stack.length) refuse('a defence stands in the stack twice');
  if (ids.has('no-cache') && ids.size > 1) refuse('no-cache skips the store, so no other defence can stand beside it');
  for (const { defence } of stack) {
    for (const [other, reason] of Object.entries(defence.excludes ?? {}))
      if (ids.has(other)) refuse(`${defence.id} and ${other} exclude each other: ${reason}`);
    for (const need of defence.needs)
      if (!store.capabilities.has(need)) refuse(`${defence.id} needs '${need}', which the store ${store.id} lacks`);
  }
}

function depth({ defence }: StackMember): number {
  return defence.layer === null ? -1 : LAYERS.indexOf(defence.layer);
}

function onlyOne<L>(layers: readonly { id: string; layer: L }[], where: string): L | null {
  if (layers.length > 1) refuse(`${layers.map(({ id }) => id).join(' and ')} both fill ${where}: choose one`);
  return layers[0]?.layer ?? null;
}

/**
 * Instantiates and orders a stack.
 *
 * @throws HarnessError `BAD_PARAMETER` where a parameter does not fit, `BAD_PLAN` where the stack does not fit together
 */
export function composeStack(
  stack: readonly StackMember[],
  context: Omit<DefenceContext<unknown>, 'parameters'>,
): ComposedStack {
  checkStack(stack, context.store);
  let keepAfterTtlMs = 0;
  let { store } = context;
  const created: { id: string; at: LayerId; layer: LayerTypes[LayerId] }[] = [];
  // Sorted by id within a layer, so that the chains do not depend on the order in which a stack was written; by layer,
  // so that whatever comes after the tiers is given the store that stands behind them.
  const sorted = stack.toSorted((a, b) => depth(a) - depth(b) || (a.defence.id < b.defence.id ? -1 : 1));
  for (const member of sorted) {
    const { defence } = member;
    const parameters = parametersOf(member);
    keepAfterTtlMs = Math.max(keepAfterTtlMs, defence.keepAfterTtlMs?.(parameters) ?? 0);
    if (defence.layer === null) continue;
    if (!defence.create) refuse(`${defence.id} fills the layer ${defence.layer}, but has no create()`);
    const layer = defence.create({ ...context, store, parameters });
    if (defence.layer === 'tier') store = (layer as TierLayer).over(store);
    created.push({ id: defence.id, at: defence.layer, layer });
  }
  const of = <L extends LayerId>(at: L): { id: string; layer: LayerTypes[L] }[] =>
    created.filter((one) => one.at === at) as unknown as { id: string; layer: LayerTypes[L] }[];
  const coordination = (scope: CoordinationLayer['scope']): CoordinationLayer | null =>
    onlyOne(
      of('coordination').filter(({ layer }) => layer.scope === scope),
      `the coordination of the scope ${scope}`,
    );
  return {
    skipsStore: stack.some(({ defence }) => defence.id === 'no-cache'),
    admission: of('admission').map(({ layer }) => layer),
    store,
    freshness: onlyOne(of('freshness'), 'the layer freshness'),
    process: coordination('process'),
    cluster: coordination('cluster'),
    guards: of('guard').map(({ layer }) => layer),
    lifetimes: of('lifetime').map(({ layer }) => layer),
    layers: created.map(({ layer }) => layer),
    keepAfterTtlMs,
    absentTtlMs: of('tier').reduce<number | null>((ms, { layer }) => layer.absentTtlMs ?? ms, null),
  };
}
