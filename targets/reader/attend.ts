/** The members of a stack that fill no layer: they act before traffic and on writes. */
import type { AttendContext, Attendant } from '../../harness/contract/defence.ts';
import { messageOf } from '../../harness/contract/errors.ts';
import type { StackMember } from './stack.ts';

/**
 * Calls all members that attend. What one of them cannot do is logged and keeps nobody else from working: a service
 * must come up without them.
 */
export function createAttendants(
  stack: readonly StackMember[],
  context: Omit<AttendContext<unknown>, 'parameters'>,
): Required<Attendant> {
  const attendants = stack.flatMap(({ defence, parameters }) => {
    const attendant = defence.attend?.({ ...context, parameters: defence.parameters.parse(parameters) });
    return attendant ? [{ id: defence.id, attendant }] : [];
  });
  return {
    async beforeTraffic() {
      for (const { id, attendant } of attendants)
        try {
          await attendant.beforeTraffic?.();
        } catch (error) {
          context.log.warn(`${id} could not prepare for traffic: ${messageOf(error)}`);
        }
    },
    written(key) {
      for (const { attendant } of attendants) attendant.written?.(key);
    },
    async close() {
      await Promise.allSettled(attendants.map(async ({ attendant }) => attendant.close?.()));
    },
  };
}
