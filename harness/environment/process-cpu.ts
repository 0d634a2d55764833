/**
 * CPU time of a server and its children, read from /proc. Postgres forks a backend for each connection: those that
 * live are added up, and those that ended are in their parent's account of waited-for children.
 */
import { readFileSync, readdirSync } from 'node:fs';

/** Linux reports CPU time to programs in hundredths of a second on every platform that Node runs on. */
const TICK_MS = 10;

interface ProcessStat {
  parent: number;
  ownTicks: number;
  waitedForTicks: number;
}

function readStat(pid: number | string): ProcessStat | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    return {
      parent: fields[1] ?? 0,
      ownTicks: (fields[11] ?? 0) + (fields[12] ?? 0),
      waitedForTicks: (fields[13] ?? 0) + (fields[14] ?? 0),
    };
  } catch {
    return null;
  }
}

function childrenOf(pid: number): number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return text === '' ? [] : text.split(' ').map(Number);
  } catch {
    // A kernel without that file: ask every process for its parent.
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name) && readStat(name)?.parent === pid)
      .map(Number);
  }
}

/**
 * User and system time of a process and its children so far.
 *
 * @param pid the server's main process, null where it does not run
 * @returns ms, in steps of 10; null where it cannot be read
 */
export function processCpuMs(pid: number | null): number | null {
  if (pid === null || process.platform !== 'linux') return null;
  const main = readStat(pid);
  if (!main) return null;
  let ticks = main.ownTicks + main.waitedForTicks;
  for (const child of childrenOf(pid)) ticks += readStat(child)?.ownTicks ?? 0;
  return ticks * TICK_MS;
}
