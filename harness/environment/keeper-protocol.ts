/** What the harness and its keeper process say to each other, one JSON object a line. */

/** Start a process. The id names it in every event. */
export interface KeeperCommand {
  id: string;
  file: string;
  args: string[];
  env: Record<string, string>;
  cwd: string;
  /** Where its output goes. */
  log: string;
  /** What ends it when the harness is gone. */
  orphanSignal: NodeJS.Signals;
  /** That signal goes to everything that the process has started in turn, too. */
  group?: true;
  uid?: number;
  gid?: number;
}

export type KeeperEvent =
  | { event: 'started'; id: string; pid: number }
  | { event: 'failed'; id: string; message: string }
  | { event: 'exited'; id: string; code: number | null; signal: NodeJS.Signals | null };
