/**
 * What a comparison compares: defences, stores, write or stock strategies, settings, or combinations of them. Told
 * from the plans and not from the labels, so that the words of a report are right whatever was varied.
 */
import type { RunPlan } from '../../harness/contract/plan.ts';
import type { Scenario } from './comparison.ts';

export interface Compared {
  /** `defence`, `store`, `combination of defence and store`. */
  one: string;
  /** `Defence`, `Defence / store`: the head of a column of names. */
  head: string;
  many: string;
}

const AXES: readonly { one: string; many: string; of: (plan: RunPlan) => unknown }[] = [
  { one: 'defence', many: 'defences', of: (plan) => plan.stack.map((part) => part.id) },
  { one: 'store', many: 'stores', of: (plan) => plan.store.id },
  { one: 'write strategy', many: 'write strategies', of: (plan) => plan.write?.id },
  { one: 'stock strategy', many: 'stock strategies', of: (plan) => plan.stock?.id },
  { one: 'setting', many: 'settings', of: settingsOf },
];

/** Everything that `--vary` and `--set` reach: parameters of the profile and of the parts, and what follows of them. */
function settingsOf(plan: RunPlan): unknown {
  const parts = [...plan.stack, plan.store, plan.write, plan.stock, plan.workload];
  return [
    plan.profile.parameters,
    // Another part has other parameters anyway; only the same part with other ones is another setting.
    Object.fromEntries(parts.flatMap((part) => (part ? [[part.id, part.parameters]] : []))),
    plan.ttlMs,
    plan.instances,
    plan.service,
  ];
}

/** What tells the contenders apart, in words; of several scenarios what does so in any. */
export function comparedOf(scenarios: readonly Scenario[]): Compared {
  const differing = AXES.filter((axis) => scenarios.some((scenario) => differs(scenario, axis.of)));
  // Where parts differ, their parameters do too; they are named only where nothing else differs, or they do by themselves.
  const axes = differing.filter((axis) => axis.one !== 'setting' || differing.length === 1 || variesAlone(scenarios));
  if (axes.length === 0) return { one: 'defence', many: 'defences', head: 'Defence' };
  const head = axes.map((axis) => axis.one).join(' / ');
  if (axes.length === 1) return { one: axes[0]!.one, many: axes[0]!.many, head: capital(head) };
  const names = axes.map((axis) => axis.one);
  const all = `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
  return { one: `combination of ${all}`, many: `combinations of ${all}`, head: capital(head) };
}

/** True where two plans differ in nothing but the stack. */
export function sameButDefence(a: RunPlan, b: RunPlan): boolean {
  const rest = (plan: RunPlan): string =>
    JSON.stringify([plan.store, plan.write, plan.stock, plan.profile.parameters, plan.ttlMs, plan.instances]);
  return rest(a) === rest(b);
}

function differs(scenario: Scenario, of: (plan: RunPlan) => unknown): boolean {
  return new Set(plansOf(scenario).map((plan) => JSON.stringify(of(plan) ?? null))).size > 1;
}

/** Whether there are two contenders of the same parts that only settings tell apart. */
function variesAlone(scenarios: readonly Scenario[]): boolean {
  return scenarios.some((scenario) => {
    const parts = (plan: RunPlan): string =>
      JSON.stringify(AXES.filter((axis) => axis.one !== 'setting').map((axis) => axis.of(plan) ?? null));
    const settings = Map.groupBy(plansOf(scenario), parts);
    return [...settings.values()].some((own) => new Set(own.map((plan) => JSON.stringify(settingsOf(plan)))).size > 1);
  });
}

function plansOf(scenario: Scenario): RunPlan[] {
  return scenario.contenders.flatMap((contender) => contender.runs[0]?.plan ?? []);
}

/** With a capital letter, for the start of a sentence or a head. */
export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
