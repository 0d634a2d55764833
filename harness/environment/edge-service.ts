/**
 * A service with an HTTP cache in front. The edge starts when the instances answer, with an empty cache, and ends before
 * them; traffic goes to it, while probes and faults still reach each instance directly.
 */
import { HarnessError } from '../contract/errors.ts';
import type { StartedEdge, StartedService } from '../contract/environment.ts';
import type { PlannedEdge, RunPlan } from '../contract/plan.ts';

export interface RunningEdge extends StartedEdge {
  /** Resolves, in words, when it has ended. */
  ended: Promise<string>;
  stop(): Promise<void>;
}

/** How an environment starts an edge; `find` comes first, so that a missing program costs no time. */
export interface EdgeStarter {
  find(): Promise<unknown>;
  start(edge: PlannedEdge, service: StartedService): Promise<RunningEdge>;
}

/**
 * Starts the service, and in front of it what the plan says.
 *
 * @throws HarnessError what `starter` and `startService` throw; then nothing is left running
 */
export async function startBehindEdge(
  plan: RunPlan,
  starter: EdgeStarter,
  startService: () => Promise<StartedService>,
): Promise<StartedService> {
  const planned = plan.edge ?? null;
  if (planned === null) return startService();
  await starter.find();
  const service = await startService();
  let edge: RunningEdge;
  try {
    edge = await starter.start(planned, service);
  } catch (error) {
    await service[Symbol.asyncDispose]();
    throw error;
  }
  let stopping = false;
  const edgeDied = edge.ended.then((words) => {
    // Stopped on purpose: whoever waits for a death waits on.
    if (stopping) return new Promise<never>(() => undefined);
    throw new HarnessError('NGINX_FAILED', `the edge ${words}`);
  });
  const died = Promise.race([service.died, edgeDied]);
  died.catch(() => undefined);
  return {
    instances: service.instances,
    ...(service.helpers && { helpers: service.helpers }),
    edge: { url: edge.url, version: edge.version },
    died,
    async [Symbol.asyncDispose]() {
      stopping = true;
      await edge.stop();
      await service[Symbol.asyncDispose]();
    },
  };
}
