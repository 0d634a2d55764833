/** Ctrl-C once heals, drains and writes what there is; twice ends at once. SIGTERM counts as Ctrl-C. */
import { EXIT } from '../contract/errors.ts';

/**
 * @param tell writes a line to the person
 * @returns the signal that the first interrupt aborts, and how to stop listening
 */
export function listenForInterrupts(tell: (line: string) => void): { signal: AbortSignal; dispose(): void } {
  const controller = new AbortController();
  const onSignal = (): void => {
    if (controller.signal.aborted) {
      tell('interrupted twice: ending at once; `cachequake clean` removes what may be left');
      process.exit(EXIT.interrupted);
    }
    tell('interrupted: healing faults and writing what there is; press Ctrl-C again to end at once');
    controller.abort();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return {
    signal: controller.signal,
    dispose: () => {
      process.off('SIGINT', onSignal);
      process.off('SIGTERM', onSignal);
    },
  };
}
