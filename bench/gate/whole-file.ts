/** Whole real gates in a file, one line each, so that they can be gathered in several sittings. */
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EnvironmentManifest } from '../../harness/contract/environment.ts';
import type { Decided } from './resample.ts';

export interface WholeGate {
  kind: 'gate';
  /** Name of the series whose settings it had. */
  series: string;
  change: string;
  status: Decided['status'];
  startedAt: string;
  /** From the start of the servers to the verdict. */
  minutes: number;
  budgetMinutes: number;
  /** Judged pairs, invalid ones included. */
  pairs: number;
  regressed: string[];
  open: string[];
  sentence: string;
  machine: EnvironmentManifest['machine'];
  versions: Record<string, string>;
}

const FILE = 'gates.jsonl';

export function appendGate(folder: string, gate: WholeGate): void {
  mkdirSync(folder, { recursive: true });
  appendFileSync(join(folder, FILE), `${JSON.stringify(gate)}\n`);
}

/** A last line that an interruption cut off is left out. */
export function readGates(folder: string): WholeGate[] {
  const file = join(folder, FILE);
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as WholeGate);
}
