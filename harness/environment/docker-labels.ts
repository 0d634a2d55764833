/**
 * The labels that containers and networks of a run carry. They name the run, and the process that owns it, so that
 * leftovers are told from what a living run needs even where the journal is gone or belongs to another user.
 */
import { hostname } from 'node:os';
import { isSameProcess, processStartTime } from '../kit/process-identity.ts';

/** The run's id. */
export const RUN_LABEL = 'cachequake.run';
const PID_LABEL = 'cachequake.owner-pid';
const START_LABEL = 'cachequake.owner-start';
const HOST_LABEL = 'cachequake.owner-host';

/** The labels for what this process starts. */
export function runLabels(runId: string): Record<string, string> {
  return {
    [RUN_LABEL]: runId,
    [PID_LABEL]: String(process.pid),
    [START_LABEL]: processStartTime(process.pid) ?? '',
    [HOST_LABEL]: hostname(),
  };
}

/**
 * True where the labels' owner may still live: it does, or it ran on another host (a container of its own, say) whose
 * processes cannot be seen from here.
 */
export function ownerMayLive(labels: Record<string, string>): boolean {
  if (labels[HOST_LABEL] !== hostname()) return true;
  return isSameProcess({ pid: Number(labels[PID_LABEL]), startTime: labels[START_LABEL] ?? '' });
}
