/** The flags of `gate` beside those that every experiment has, and which of its three ways was asked for. */
import { type Command, Option } from 'commander';
import { HarnessError } from '../contract/errors.ts';
import { type GateSettings, gateSettings, gateSettingsSchema } from '../plan/gate-settings.ts';
import { parseAssignments } from '../plan/resolve-settings.ts';

const described = (name: keyof typeof gateSettingsSchema.shape): string =>
  gateSettingsSchema.shape[name].description ?? '';

/** Settings whose flags have their name. */
const SAME_NAME = [
  'base',
  'candidate',
  'baseline',
  'build',
  'budget',
  'trial',
  'design',
  'noisePairs',
  'firstLook',
  'lastLook',
  'baselineTrials',
] as const satisfies readonly (keyof typeof gateSettingsSchema.shape)[];

/** Adds them to the verb. */
export function addGateFlags(command: Command): Command {
  const evidence = 'What is compared:';
  const judging = 'Judging:';
  const add = (flags: string, description: string, group: string, change?: (option: Option) => Option): void => {
    const option = new Option(flags, description).helpGroup(group);
    command.addOption(change ? change(option) : option);
  };
  const whole = (option: Option): Option =>
    option.argParser((text: string) => (text.trim() === '' ? text : Number(text)));
  add('--base <ref|command|image>', described('base'), evidence);
  add('--candidate <ref|command|image>', described('candidate'), evidence);
  add('--self-test', 'the base against itself, to see how much noise this machine makes', evidence);
  add('--baseline <file>', described('baseline'), evidence);
  add('--accept', 'write the baseline from this version instead of judging it', evidence);
  add('--build <command>', described('build'), evidence);
  add(
    '--tolerance <measure=size>',
    `${described('tolerances').split(':')[0]}, for example p99=10% or hitRatio=0.5pt; may be given several times`,
    judging,
    (option) => option.argParser((text: string, earlier: string[] | undefined) => [...(earlier ?? []), text]),
  );
  add('--budget <time>', `${described('budget')} (default: 10m)`, judging);
  add('--trial <time>', described('trial'), judging);
  add('--design <design>', described('design'), judging, (option) => option.choices(['alternating', 'duet']));
  add('--noise-pairs <number>', `${described('noisePairs')} (default: 2)`, judging, whole);
  add('--first-look <number>', described('firstLook'), judging, whole);
  add('--last-look <number>', described('lastLook'), judging, whole);
  add('--baseline-trials <number>', `${described('baselineTrials')} (default: 12)`, judging, whole);
  return command;
}

/** `against`: side by side; `itself`: side by side, the same on both sides; `baseline`: stored counts. */
export type GateWay = 'against' | 'itself' | 'baseline' | 'accept';

export interface ReadGate {
  settings: GateSettings;
  way: GateWay;
  /** Tolerances in order, as `--tolerance` takes them. */
  tolerances: string[];
}

/**
 * Reads flags and the config's section.
 *
 * @throws HarnessError USAGE where not exactly one way was asked for, and what {@link gateSettings} throws
 */
export function readGate(
  flags: Readonly<Record<string, unknown>>,
  section: unknown,
  configPath: string | null,
): ReadGate {
  const tolerance = flags['tolerance'] as string[] | undefined;
  const settings = gateSettings(
    {
      ...Object.fromEntries(SAME_NAME.map((name) => [name, flags[name]])),
      tolerances: tolerance === undefined ? undefined : parseAssignments(tolerance),
    },
    section,
    configPath,
  );
  return {
    settings,
    way: wayOf(flags, settings),
    tolerances: Object.entries(settings.tolerances).map(([measure, size]) => `${measure}=${size}`),
  };
}

function wayOf(flags: Readonly<Record<string, unknown>>, settings: GateSettings): GateWay {
  const typed = (['base', 'selfTest', 'baseline'] as const).filter((name) => flags[name] !== undefined);
  const names = { base: '--base', selfTest: '--self-test', baseline: '--baseline' };
  if (typed.length > 1)
    throw new HarnessError('USAGE', `${typed.map((name) => names[name]).join(' and ')} exclude each other`, {
      hint: 'times are compared side by side, counts with a stored baseline: two gates, two calls',
    });
  const accepts = flags['accept'] === true;
  const inConfig = (['base', 'baseline'] as const).filter((name) => settings[name] !== null);
  const [chosen] = typed.length > 0 ? typed : accepts ? inConfig.filter((name) => name === 'baseline') : inConfig;
  if (typed.length === 0 && !accepts && inConfig.length > 1)
    throw new HarnessError('USAGE', 'the config names a base and a baseline', {
      hint: 'say which with --base or --baseline',
    });
  if (accepts && chosen !== 'baseline')
    throw new HarnessError('USAGE', '--accept goes with --baseline <file>: side by side there is nothing to accept');
  if (chosen === undefined)
    throw new HarnessError('USAGE', 'nothing to compare with', {
      hint: '--base <ref|command|image> for times and counts side by side, --baseline <file> for stored counts, --self-test for the noise of this machine',
    });
  if (chosen === 'baseline') return accepts ? 'accept' : 'baseline';
  return chosen === 'selfTest' ? 'itself' : 'against';
}
