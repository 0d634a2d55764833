/**
 * What a run started and changed, written down before it happens, so that `clean` can take it back after a crash.
 * One JSON object a line, each synced to disk.
 */
import type { UndoStep } from './fault.ts';

export type JournalEntry =
  /** A process of ours; killed only if pid and start time match. */
  | { kind: 'process'; pid: number; startTime: string; what: string }
  | { kind: 'folder'; path: string }
  /** A second checkout of a git repository: removed, and the repository told. */
  | { kind: 'worktree'; repository: string; path: string }
  | { kind: 'container'; id: string; what: string }
  | { kind: 'network'; id: string }
  /** A proxy that was created on a Toxiproxy that is not ours. */
  | { kind: 'proxy'; toxiproxyUrl: string; name: string }
  /** Written before a fault is injected. */
  | { kind: 'undo'; id: string; steps: UndoStep[] }
  | { kind: 'healed'; id: string }
  /** Everything of this run was stopped by the run itself. */
  | { kind: 'ended' };

export interface Journal {
  readonly runId: string;
  write(entry: JournalEntry): void;
}
