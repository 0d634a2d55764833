/** Whether a process stands still, for faults that freeze one and must show it. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** True for a process that SIGSTOP has stopped; null where this machine cannot say. */
export function processIsStopped(pid: number): boolean | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name stands in parentheses and may itself hold spaces: the state follows the last one.
    return stat[stat.lastIndexOf(')') + 2] === 'T';
  } catch {
    if (process.platform === 'linux') return null;
  }
  const answer = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  const state = answer.stdout?.trim() ?? '';
  return answer.status !== 0 || state === '' ? null : state.startsWith('T');
}
