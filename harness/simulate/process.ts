/**
 * One life of a simulated service process. Whatever it waits for (a sleep, an answer of the store or the database)
 * comes back to it as a step, and it may die at any of them: a dead process takes no further step, so what it had
 * begun stays half done, as it would on a machine that lost power.
 */
import type { Clock } from '../contract/time.ts';
import type { VirtualClock } from '../kit/virtual-clock.ts';

export interface SimulatedProcess {
  /** Names the process and its life: `instance-3` first, `instance-3.2` after its first crash. */
  readonly name: string;
  readonly alive: boolean;
  /** Steps taken so far. */
  readonly steps: number;
  /** The time of the simulation; its sleepers die with the process. */
  readonly clock: Clock;
  /** Takes a step; false where the process is dead, or dies instead of taking it. */
  step(): boolean;
}

/**
 * Starts a process.
 *
 * @param crashAtStep the step it dies at instead of taking it, from 1; Infinity for never
 * @param onCrash called at its death
 */
export function startProcess(
  world: VirtualClock,
  name: string,
  crashAtStep = Infinity,
  onCrash: () => void = () => {},
): SimulatedProcess {
  let alive = true;
  let steps = 0;

  function step(): boolean {
    if (!alive) return false;
    steps += 1;
    if (steps < crashAtStep) return true;
    alive = false;
    onCrash();
    return false;
  }

  function sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const wake = (): void => {
        if (step()) resolve();
      };
      if (!signal) return world.at(world.nowMs() + ms, wake);
      // An abort comes from the process itself: it is no step.
      world.sleep(ms, signal).then(wake, (error: Error) => {
        if (alive) reject(error);
      });
    });
  }

  return {
    name,
    clock: { nowMs: world.nowMs, sleep },
    step,
    get alive() {
      return alive;
    },
    get steps() {
      return steps;
    },
  };
}
