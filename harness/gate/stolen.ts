/** How much of the machine's CPU time the hypervisor took: what a trial on a shared machine has lost to its neighbours. */
import { readFileSync } from 'node:fs';

export interface CpuTimes {
  stolen: number;
  total: number;
}

/** Clock ticks since boot; null where the system does not tell (it does on Linux). */
export function readCpuTimes(): CpuTimes | null {
  try {
    return parseCpuTimes(readFileSync('/proc/stat', 'utf8'));
  } catch {
    return null;
  }
}

/** @param text of `/proc/stat`, see proc_stat(5): user nice system idle iowait irq softirq steal guest guest_nice */
export function parseCpuTimes(text: string): CpuTimes | null {
  const fields = /^cpu\s+(.+)$/m.exec(text)?.[1]?.split(/\s+/).slice(0, 8).map(Number);
  if (fields === undefined || fields.length < 8 || fields.some(Number.isNaN)) return null;
  return { stolen: fields[7]!, total: fields.reduce((sum, one) => sum + one, 0) };
}

/** Share of all CPU time between two readings; null where nobody tells, or no time has passed. */
export function stolenShare(before: CpuTimes | null, after: CpuTimes | null): number | null {
  if (before === null || after === null || after.total <= before.total) return null;
  return (after.stolen - before.stolen) / (after.total - before.total);
}
