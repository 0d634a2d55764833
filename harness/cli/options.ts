/** The flags that `run`, `compare` and `plan` share, made from the table of settings, and how they become plans. */
import { type Command, Option } from 'commander';
import type { EnvironmentId } from '../contract/environment.ts';
import type { Provenance, RunPlan } from '../contract/plan.ts';
import { parseFault } from '../faults/engine/parse-fault.ts';
import { makePlan } from '../plan/make-plan.ts';
import { readConfig, type ReadConfig } from '../plan/read-config.ts';
import { fromText, parseAssignments, resolveSettings } from '../plan/resolve-settings.ts';
import { flagName, settingInfos, type Settings } from '../plan/settings.ts';
import { parseThreshold } from '../verdict/thresholds.ts';
import { chooseTarget, isChosen, placeOf, refuseShopParts } from './own-target.ts';
import {
  type FullCatalogue,
  loadCatalogue,
  withOwnDefences,
  withOwnFault,
  withOwnProfile,
  withOwnStock,
} from './catalogue.ts';

/** Flags by the heading they stand under in the help. */
const HEADINGS: Readonly<Record<string, string>> = {
  set: 'Experiment:',
  edge: 'Experiment:',
  fault: 'Experiment:',
  threshold: 'Experiment:',
  instances: 'Experiment:',
  seed: 'Experiment:',
  env: 'Experiment:',
  engine: 'Load:',
  arrivals: 'Load:',
  connections: 'Load:',
  maxInFlight: 'Load:',
  generators: 'Load:',
  redisTimeoutMs: 'Service:',
  postgresTimeoutMs: 'Service:',
  postgresPool: 'Service:',
  maxDroppedShare: 'Validity:',
  maxRateError: 'Validity:',
  maxLagP99Ms: 'Validity:',
  maxGeneratorCpuShare: 'Validity:',
};

/** Adds a flag for every setting. Lists and records may be given several times. */
export function addSettingFlags(command: Command): Command {
  for (const info of settingInfos()) {
    const placeholder =
      info.kind === 'boolean'
        ? ''
        : ` <${{ set: 'name=value', fault: 'id@start+length', threshold: 'measure<limit', env: 'where' }[info.name as string] ?? (info.kind === 'number' ? 'number' : 'value')}>`;
    const fallback =
      info.kind === 'list' || info.kind === 'record' || info.fallback === null || info.fallback === false
        ? ''
        : ` (default: ${JSON.stringify(info.fallback).replaceAll('"', '')})`;
    const option = new Option(
      `${flagName(info.name)}${placeholder}`,
      `${info.description}${info.kind === 'list' || info.kind === 'record' ? '; may be given several times' : ''}${fallback}`,
    );
    if (info.choices) option.choices([...info.choices]);
    if (info.kind === 'number') option.argParser((text: string) => fromText(info, text));
    if (info.kind === 'list' || info.kind === 'record')
      option.argParser((text: string, earlier: string[] | undefined) => [...(earlier ?? []), text]);
    option.helpGroup(HEADINGS[info.name] ?? 'Environment:');
    command.addOption(option);
  }
  command.addOption(
    new Option(
      '--target <name>',
      'what is measured: shop, the target that the config describes, or a file of your own (default: the config’s, otherwise shop)',
    ).helpGroup('Experiment:'),
  );
  command.addOption(
    new Option(
      '--url <url>',
      'measure a service that runs already, for example http://127.0.0.1:3000/items/{key}; several for several instances',
    )
      .argParser((text: string, earlier: string[] | undefined) => [...(earlier ?? []), text])
      .helpGroup('Experiment:'),
  );
  return command.addOption(
    new Option('--config <file>', 'config file instead of cachequake.config.ts or .json here').helpGroup('Experiment:'),
  );
}

/** What is compared: a stack of defences, and where they are chosen a store, a write and a stock strategy. */
export interface Variant {
  defence: string;
  store?: string;
  write?: string;
  stock?: string;
  edge?: string;
  /** Parameters beside those of the settings, `name=value`. */
  set?: readonly string[];
  /** What tells it from the others; the stack where not given. */
  label?: string;
}

/** Settings, catalogue and a way to make plans, from what was typed. */
export interface Prepared {
  settings: Settings;
  provenance: Record<string, Provenance>;
  /** The config file as it is, for the sections that are no settings. */
  config: ReadConfig;
  catalogue: FullCatalogue;
  /** Makes the plan of one stack; throws what is wrong with it. */
  plan(profile: string, variant: Variant, environment: EnvironmentId): Promise<RunPlan>;
}

/** Reads the config, merges all sources and loads the catalogue. */
export async function prepare(flags: Record<string, unknown>): Promise<Prepared> {
  const config = await readConfig(process.cwd(), flags['config'] as string | undefined);
  const set = flags['set'] as string[] | undefined;
  const resolved = resolveSettings({
    flags: { ...flags, ...(set ? { set: parseAssignments(set) } : {}) },
    environment: process.env,
    config: config.content,
    configPath: config.path,
  });
  const { provenance } = resolved;
  const catalogue = await loadCatalogue();
  const target = (catalogue.target = await chooseTarget(flags, config));
  const settings = { ...resolved.settings, env: placeOf(target, resolved.settings.env) };
  const texts = await Promise.all(settings.fault.map((text) => withOwnFault(catalogue, text)));
  const faults = texts.map((text) => parseFault(text));
  refuseShopParts(target, {
    '--defence': flags['defence'] !== undefined,
    '--stock': flags['stock'] !== undefined || settings.set['stock'] !== undefined,
    '--store': isChosen(provenance, 'store'),
    '--write': isChosen(provenance, 'write'),
  });
  return {
    settings,
    provenance,
    config,
    catalogue,
    plan: async (profileName, variant, environment) => {
      refuseShopParts(target, { '--store': variant.store !== undefined, '--write': variant.write !== undefined });
      const ownSettings = { ...settings, set: { ...settings.set, ...parseAssignments(variant.set ?? []) } };
      const defence = await withOwnDefences(catalogue, variant.defence);
      const profile = await withOwnProfile(catalogue, profileName);
      const stock = variant.stock ?? ownSettings.set['stock'];
      return makePlan({
        profile,
        defence,
        // What nobody has chosen is the profile's to choose.
        store: variant.store ?? ((provenance['store'] ?? 'default') === 'default' ? null : settings.store),
        write: variant.write ?? settings.write,
        edge: variant.edge ?? settings.edge,
        stock: typeof stock === 'string' ? await withOwnStock(catalogue, stock) : null,
        ...(variant.label === undefined ? {} : { label: variant.label }),
        environment,
        settings: ownSettings,
        provenance,
        faults,
        catalogue,
        checkThreshold: parseThreshold,
      });
    },
  };
}
