/** The sides of a gate as targets: the same description started from another folder, by another command or image. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { HarnessError } from '../contract/errors.ts';
import type { Target } from '../contract/target.ts';
import type { PlacedSide } from '../gate/place-side.ts';
import { type ResolvedSide, resolveSide, resolveSides, selfTestSides } from '../gate/sides.ts';
import type { GateSettings } from '../plan/gate-settings.ts';
import { createOwnTarget } from '../../targets/own/target.ts';
import type { GateWay } from './gate-flags.ts';
import type { DescribedTarget } from './own-target.ts';

export interface ChosenSides {
  /** Null against a baseline. */
  base: ResolvedSide | null;
  candidate: ResolvedSide;
}

/**
 * Which sides were asked for.
 *
 * @param described null where the target is no service that the config describes
 * @throws HarnessError USAGE where the target has one version only, SAME_SIDES, and those of a wrong side
 */
export async function chooseSides(
  way: GateWay,
  settings: GateSettings,
  described: DescribedTarget | null,
  target: Target,
): Promise<ChosenSides> {
  if (described === null || described.own.url !== null) {
    if (way === 'against' || settings.candidate !== null) throw oneVersion(described, target);
    const only: ResolvedSide = {
      side: { name: 'candidate', title: target.title, commit: null },
      source: { kind: 'working-folder' },
    };
    return { base: way === 'itself' ? { ...only, side: { ...only.side, name: 'base' } } : null, candidate: only };
  }
  const folder = described.configFolder;
  if (way === 'itself') return selfTestSides(folder, settings.candidate);
  if (way !== 'against') return { base: null, candidate: await resolveSide('candidate', settings.candidate, folder) };
  return resolveSides({ base: settings.base!, candidate: settings.candidate }, folder);
}

function oneVersion(described: DescribedTarget | null, target: Target): HarnessError {
  return described === null
    ? new HarnessError('USAGE', `${target.title} has no other version to compare with`, {
        hint: 'describe your own service with `cachequake new config`; defences of the shop are compared with `cachequake compare`; --self-test and --baseline work with the shop too',
      })
    : new HarnessError('USAGE', `'${described.own.id}' runs already, so that no other version of it can be started`, {
        hint: 'describe it by a command or an image; --self-test and --baseline work with a URL too',
      });
}

/** The target of a side that has been brought to where it can be started. */
export function targetOf({ own, configFolder }: DescribedTarget, placed: PlacedSide): Target {
  const files = [own.seed, own.reset].flatMap((step) => (step !== null && 'sql' in step ? [step.sql] : []));
  // A version brings its own data along, where it has any: the first gate of a service has a base that knows no gate.
  const hasData = files.every((file) => existsSync(resolve(placed.folder, file)));
  return createOwnTarget(own, {
    configFolder: hasData ? placed.folder : configFolder,
    override: {
      ...(placed.command !== null && { command: placed.command }),
      ...(placed.image !== null && { image: placed.image }),
      ...(!hasData && own.command !== null && { cwd: resolve(placed.folder, own.cwd) }),
    },
  });
}
