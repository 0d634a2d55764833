/**
 * Takes injections back, step by step, from data. The same code heals a fault at its end and replays the journal of a
 * run that was killed, so every step may be done twice: what is already gone is not an error.
 */
import type { ToxiproxyControl } from '../../contract/environment.ts';
import { HarnessError, messageOf } from '../../contract/errors.ts';
import type { UndoStep } from '../../contract/fault.ts';

/** What the steps act on. */
export interface UndoActions {
  control(url: string): ToxiproxyControl;
  /** Makes sure that Redis runs again; null where it is not ours, or is gone with its run. */
  restartRedis: (() => Promise<void>) | null;
  /** Makes sure that a process beside the instances runs again. */
  reviveHelper?(name: string): Promise<void>;
}

/**
 * Applies all steps, also when one of them fails.
 *
 * @throws HarnessError `FAULT_FAILED` naming every step that could not be done
 */
export async function applyUndo(steps: readonly UndoStep[], actions: UndoActions): Promise<void> {
  const failures: string[] = [];
  let cause: unknown;
  await Promise.all(
    steps.map(async (step) => {
      try {
        await applyStep(step, actions);
      } catch (error) {
        cause = error;
        failures.push(`${describeStep(step)}: ${messageOf(error)}`);
      }
    }),
  );
  if (failures.length > 0)
    throw new HarnessError('FAULT_FAILED', `could not be taken back: ${failures.join('; ')}`, {
      hint: 'cachequake clean takes back what the journal still holds',
      cause,
    });
}

async function applyStep(step: UndoStep, actions: UndoActions): Promise<void> {
  if (step.do === 'enable-proxy') await actions.control(step.toxiproxyUrl).setEnabled(step.proxy, true);
  else if (step.do === 'restart-redis') await actions.restartRedis?.();
  else if (step.do === 'revive-helper') await actions.reviveHelper?.(step.helper);
  else
    try {
      await actions.control(step.toxiproxyUrl).removeToxic(step.proxy, step.toxic);
    } catch (error) {
      if (!/toxic not found/i.test(messageOf(error))) throw error;
    }
}

/** A step in words. */
function describeStep(step: UndoStep): string {
  if (step.do === 'enable-proxy') return `enable proxy ${step.proxy}`;
  if (step.do === 'remove-toxic') return `remove toxic ${step.toxic} from ${step.proxy}`;
  if (step.do === 'revive-helper') return `bring ${step.helper} back`;
  return 'restart Redis';
}
