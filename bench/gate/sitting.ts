/** Lines of a recording, made from what was measured. */
import type { EnvironmentManifest } from '../../harness/contract/environment.ts';
import type { TrialLength } from '../../harness/gate/budget.ts';
import type { TrialPair } from '../../harness/gate/pairs.ts';
import { packageVersion } from '../../harness/kit/package-root.ts';
import type { Levels } from './changes.ts';
import { judgedMeasures } from './gate-rules.ts';
import { compact, type RecordedPair, type Sitting, type TrialSettings } from './recording.ts';

export function makeSitting(of: {
  settings: TrialSettings;
  command: string;
  levels: Levels;
  openSeconds: number;
  length: Pick<TrialLength, 'tooFew'>;
  manifest: EnvironmentManifest;
}): Sitting {
  const startedAt = new Date().toISOString();
  return {
    kind: 'sitting',
    recordingVersion: 1,
    id: startedAt,
    startedAt,
    command: of.command,
    settings: of.settings,
    machine: of.manifest.machine,
    versions: versionsOf(of.manifest),
    openSeconds: Number(of.openSeconds.toFixed(1)),
    measures: judgedMeasures(),
    notJudged: of.length.tooFew.map(({ measure }) => measure),
    levels: of.levels,
  };
}

export function versionsOf(manifest: EnvironmentManifest): Record<string, string> {
  return { ...manifest.versions, cachequake: packageVersion(), node: process.version };
}

/** @param gate start of the whole gate that the pair was run in, if any */
export function recordedPair(
  sitting: Pick<Sitting, 'id' | 'measures'>,
  change: string,
  seconds: number,
  { base, candidate }: TrialPair,
  gate?: string,
): RecordedPair {
  const ids = sitting.measures.map(({ id }) => id);
  return {
    kind: 'pair',
    sitting: sitting.id,
    change,
    ...(gate !== undefined && { gate }),
    seconds: Number(seconds.toFixed(2)),
    base: compact(base, ids),
    candidate: compact(candidate, ids),
  };
}
