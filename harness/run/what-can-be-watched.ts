/**
 * Which probes a run has. Of a server that the target does not use, or that is not ours, a probe would tell zeros or
 * somebody else's figures; without it what it would tell is unknown, which is the truth.
 */
import type { StartedService, StartedStack } from '../contract/environment.ts';
import type { RunPlan } from '../contract/plan.ts';
import type { Probe, ProbeContext } from '../contract/probe.ts';
import type { Target } from '../contract/target.ts';
import { tellsFigures } from './prepare.ts';

interface Watched {
  plan: RunPlan;
  target: Target;
  probes: readonly Probe[];
  stack: StartedStack;
}

/** The probes whose needs are met, and what they are given. */
export async function whatCanBeWatched(
  { plan, target, probes, stack }: Watched,
  { instances }: StartedService,
): Promise<{ probes: Probe[]; context: ProbeContext }> {
  const there = new Set<Probe['needs'][number]>(target.needs ?? ['redis', 'postgres']);
  if (!target.own || (await tellsFigures(instances))) there.add('service');
  if (plan.readReplica) there.add('postgres-replica');
  const { redisUrl, postgresUrl, servers, manifest } = stack;
  return {
    probes: probes.filter(({ needs }) => needs.every((need) => there.has(need))),
    context: {
      stack: {
        redisUrl: redisUrl ?? '',
        postgresUrl: postgresUrl ?? '',
        servers,
        manifest,
        cpuMs: (part) => stack.cpuMs(part),
      },
      instances,
    },
  };
}
