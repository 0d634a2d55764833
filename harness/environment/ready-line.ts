/** Finds the line of JSON in which a process says that it accepts connections, and on which port. */
import type { ReadyLine } from '../contract/target.ts';

/** @returns the port of the first ready line, null where there is none yet */
export function readyPort(output: string): number | null {
  for (const line of output.split('\n')) {
    if (!line.includes('"cachequake"')) continue;
    try {
      const said = JSON.parse(line) as Partial<ReadyLine>;
      if (said.cachequake === 'ready' && Number.isInteger(said.port)) return said.port ?? null;
    } catch {
      // Half a line: the rest is still on its way.
    }
  }
  return null;
}
