/**
 * Tells one process from a later one that was given the same pid. What is killed after a crash is killed only when
 * pid and start time both match, so a journal that is days old can never hit a stranger.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Pid and start time: together they name a process for good. */
export interface ProcessIdentity {
  pid: number;
  startTime: string;
}

/** A pid means nothing after a reboot, so the boot is part of the start time. */
let boot: string | undefined;

function bootId(): string {
  try {
    boot ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim().slice(0, 8);
  } catch {
    boot = '';
  }
  return boot;
}

/**
 * When a process was started, as an opaque text: boot and clock ticks on Linux, `ps -o lstart=` elsewhere.
 *
 * @returns null where no such process runs; a zombie counts as gone
 */
export function processStartTime(pid: number): string | null {
  if (!Number.isInteger(pid) || pid <= 0) return null;
  if (process.platform === 'linux') {
    let stat: string;
    try {
      stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    } catch {
      return null;
    }
    // The name stands in parentheses and may itself hold spaces and parentheses: fields are counted after the last.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return null;
    return `${bootId()}:${fields[19] ?? ''}`;
  }
  const answer = spawnSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8' });
  const text = answer.stdout?.trim() ?? '';
  if (answer.status !== 0 || text === '' || text.startsWith('Z')) return null;
  return text.slice(text.indexOf(' ') + 1).trim();
}

/** True while that very process runs, not merely one with its pid. */
export function isSameProcess(identity: ProcessIdentity): boolean {
  return processStartTime(identity.pid) === identity.startTime;
}
