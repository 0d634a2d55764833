/** What every bench gives back: its rows, its goals with what was measured, and the machine it ran on. */
import { cpus } from 'node:os';

export interface BenchResult {
  name: string;
  title: string;
  startedAt: string;
  machine: { cores: number; cpuModel: string; node: string };
  rows: Record<string, string | number | boolean>[];
  goals: { goal: string; measured: string; met: boolean }[];
}

/** The machine this process runs on. */
export function thisMachine(): BenchResult['machine'] {
  const all = cpus();
  return { cores: all.length, cpuModel: all[0]?.model.trim() ?? 'unknown', node: process.version };
}
