/**
 * What the run and the probe process say to each other. Only data, in the structured clone format, so that tens of
 * thousands of load events travel without being turned into text.
 */
import type { LoadEvent } from '../../contract/defence.ts';
import type { EnvironmentId, StartedServer } from '../../contract/environment.ts';
import type { ProbeEvidence } from '../../contract/probe.ts';

export type ServerPart = 'redis' | 'postgres';

/** From the run. */
export type ToProbes =
  /** What may have to be opened later; what is wrong with a file is told then. */
  | { type: 'load'; files: string[] }
  | {
      type: 'open';
      /** Files of the probes. */
      files: string[];
      redisUrl: string;
      postgresUrl: string;
      servers: StartedServer[];
      environment: EnvironmentId;
      instances: { index: number; url: string; pid: number | null }[];
    }
  /** The recorded part begins at this time, which may lie ahead. */
  | { type: 'begin'; atMs: number }
  | { type: 'cpu'; question: number; ms: number | null }
  | { type: 'stop'; measuredFromMs: number; measuredToMs: number };

/** From the probe process. */
export type FromProbes =
  | { type: 'opened'; failures: { probe: string; message: string }[] }
  | { type: 'cpu?'; question: number; part: ServerPart }
  | { type: 'loads'; probe: string; loads: (LoadEvent & { instance: number })[] }
  /** Loads were sent before, in parts. */
  | { type: 'done'; evidence: ProbeEvidence[]; costCpuShare: number };
