/**
 * Which ports a process and those that it has started listen on, read from /proc: so that a service that listens
 * elsewhere than it was told is met with the port, and not with "no answer". Where /proc is not there, nothing is known.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** State of a socket that listens, in /proc/net/tcp. */
const LISTEN = '0A';

/** @param group process id of the leader of a process group @returns ports in order, empty where none are seen */
export function listeningPorts(group: number): number[] {
  try {
    const inodes = new Set(membersOf(group).flatMap(socketsOf));
    const ports = ['tcp', 'tcp6'].flatMap((table) =>
      listeners(table).flatMap((one) => (inodes.has(one.inode) ? [one.port] : [])),
    );
    return [...new Set(ports)].toSorted((a, b) => a - b);
  } catch {
    return [];
  }
}

function membersOf(group: number): string[] {
  return readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      const text = readFileSync(`/proc/${name}/stat`, 'utf8');
      // pid (name) state parent group …; the name may hold blanks and parentheses.
      return text.slice(text.lastIndexOf(')') + 2).split(' ')[2] === String(group);
    } catch {
      return false;
    }
  });
}

function socketsOf(pid: string): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
      } catch {
        return [];
      }
    });
  } catch {
    return [];
  }
}

function listeners(table: string): { port: number; inode: string }[] {
  return readFileSync(`/proc/net/${table}`, 'utf8')
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const fields = line.trim().split(/\s+/);
      if (fields[3] !== LISTEN) return [];
      return [{ port: Number.parseInt(fields[1]?.split(':')[1] ?? '', 16), inode: fields[9] ?? '' }];
    });
}
