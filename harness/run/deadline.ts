/** A bound on every step: a run that hangs ends with the name of the step that hung, and is cleaned up like any other. */
import { HarnessError } from '../contract/errors.ts';
import { realClock } from '../kit/clock.ts';
import { within } from '../kit/deadline.ts';
import { formatDuration } from '../kit/units.ts';

/**
 * Resolves or rejects as `work` does, or rejects after `ms`.
 *
 * @param what names the step, for example `seeding the data`
 * @throws HarnessError DEADLINE when the time is over
 */
export function withDeadline<T>(what: string, ms: number, work: Promise<T>): Promise<T> {
  return within(
    realClock,
    ms,
    work,
    () =>
      new HarnessError('DEADLINE', `${what} did not end within ${formatDuration(ms)}`, {
        hint: 'the logs of what was started are in the run’s folder',
      }),
  );
}
