/**
 * Chooses where a run happens. `auto` takes containers where an engine answers and the images can be had, otherwise
 * local processes, and says why; whoever names an environment gets that one or its error.
 */
import { HarnessError, messageOf } from '../contract/errors.ts';
import type { Availability, Environment, EnvironmentId, EnvironmentOptions } from '../contract/environment.ts';
import { engineClient, ensureRequiredImages } from './docker-engine.ts';
import { dockerEnvironment } from './docker.ts';
import { externalEnvironment } from './external.ts';
import { localEnvironment } from './local.ts';
import { noEnvironment } from './none.ts';

const ENVIRONMENTS: Record<EnvironmentId, Environment> = {
  docker: dockerEnvironment,
  local: localEnvironment,
  external: externalEnvironment,
  none: noEnvironment,
};

/** The environment taken, why, and what `auto` passed over. */
export interface Selection {
  environment: Environment;
  reason: string;
  rejected: { id: EnvironmentId; reason: string; hint?: string }[];
}

/** Whether docker can run: an engine alone is not enough, for without the images nothing starts. Pulls what is missing. */
export async function dockerUsable(
  options: EnvironmentOptions,
  progress: (line: string) => void,
): Promise<Availability> {
  const engine = await dockerEnvironment.available(options);
  if (!engine.available) return engine;
  try {
    await ensureRequiredImages(await engineClient(), options, progress);
    return engine;
  } catch (error) {
    const hint = error instanceof HarnessError ? error.hint : undefined;
    return { available: false, reason: messageOf(error), ...(hint === undefined ? {} : { hint }) };
  }
}

/**
 * Chooses the environment of a run.
 *
 * @param choice an id, or `auto`
 * @param progress told of pulls, which may take minutes
 * @throws HarnessError `ENVIRONMENT_UNAVAILABLE` where `auto` finds neither, with both reasons
 */
export async function selectEnvironment(
  choice: EnvironmentId | 'auto',
  options: EnvironmentOptions,
  progress: (line: string) => void = () => undefined,
): Promise<Selection> {
  if (choice === 'none')
    return {
      environment: noEnvironment,
      reason: 'nothing is started but load generators and the service',
      rejected: [],
    };
  if (choice !== 'auto')
    return { environment: ENVIRONMENTS[choice], reason: `asked for with --env ${choice}`, rejected: [] };
  const rejected: Selection['rejected'] = [];
  const candidates = [
    { environment: dockerEnvironment, look: () => dockerUsable(options, progress) },
    { environment: localEnvironment, look: () => localEnvironment.available(options) },
  ];
  for (const { environment, look } of candidates) {
    const { available, reason, hint } = await look();
    if (available) {
      const instead = rejected.map((each) => `; not ${each.id}: ${each.reason}`).join('');
      return { environment, reason: reason + instead, rejected };
    }
    rejected.push({ id: environment.id, reason, ...(hint === undefined ? {} : { hint }) });
  }
  const reasons = rejected.map(({ id, reason }) => `${id}: ${reason}`).join('; ');
  const hints = rejected.flatMap(({ hint }) => (hint === undefined ? [] : [hint]));
  throw new HarnessError('ENVIRONMENT_UNAVAILABLE', `nothing to run on: ${reasons}`, {
    hint: hints.join('; ') || 'cachequake doctor says more',
  });
}
