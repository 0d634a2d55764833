/**
 * Merges flags, environment variables, config file and defaults into one set of settings, and remembers where each
 * value came from, so that `plan` can show it.
 */
import { HarnessError } from '../contract/errors.ts';
import type { Provenance } from '../contract/plan.ts';
import { unknownName } from '../kit/suggest.ts';
import {
  environmentName,
  flagName,
  type SettingInfo,
  settingInfos,
  type Settings,
  settingsSchema,
} from './settings.ts';

/** Parts of the config file that are no settings: each is read by those who need it. */
const SECTIONS: readonly string[] = ['target', 'gate'];

export interface SettingSources {
  /** As commander gives them: undefined where not typed. */
  flags: Record<string, unknown>;
  environment: Record<string, string | undefined>;
  /** The config file's content; an empty object where there is none. */
  config: Record<string, unknown>;
  /** For messages. */
  configPath?: string | null;
}

export interface ResolvedSettings {
  settings: Settings;
  provenance: Record<string, Provenance>;
}

/**
 * @throws HarnessError UNKNOWN_NAME for a name in the config that does not exist, BAD_PARAMETER for a wrong value;
 *   the message names the flag, variable or line of the config
 */
export function resolveSettings(sources: SettingSources): ResolvedSettings {
  const infos = settingInfos();
  const names = infos.map((info) => info.name as string);
  for (const name of Object.keys(sources.config))
    if (!names.includes(name) && !SECTIONS.includes(name))
      throw unknownName(`setting in ${sources.configPath ?? 'the config'}:`, name, [...names, ...SECTIONS]);

  const merged: Record<string, unknown> = {};
  const provenance: Record<string, Provenance> = {};
  for (const info of infos) {
    const { name } = info;
    const variable = sources.environment[environmentName(name)];
    if (sources.flags[name] !== undefined) {
      merged[name] = sources.flags[name];
      provenance[name] = 'flag';
    } else if (variable !== undefined && variable !== '') {
      merged[name] = fromText(info, variable);
      provenance[name] = 'environment';
    } else if (sources.config[name] !== undefined) {
      merged[name] = sources.config[name];
      provenance[name] = 'config';
    } else provenance[name] = 'default';
  }
  // Parameters add up: a flag overrides one key of the config's `set`, not all of it.
  if (provenance['set'] === 'flag' && typeof sources.config['set'] === 'object')
    merged['set'] = { ...(sources.config['set'] as object), ...(merged['set'] as object) };

  const parsed = settingsSchema.safeParse(merged);
  if (parsed.success) return { settings: parsed.data, provenance };
  const issue = parsed.error.issues[0]!;
  const name = String(issue.path[0]);
  const where = {
    flag: flagName(name),
    environment: environmentName(name),
    config: `${sources.configPath ?? 'config'}: ${issue.path.join('.')}`,
    default: name,
    profile: name,
  }[provenance[name] ?? 'default'];
  const description = infos.find((info) => info.name === name)?.description;
  throw new HarnessError('BAD_PARAMETER', `${where}: ${issue.message}`, {
    hint: description && `${name}: ${description}`,
  });
}

/** Reads a value from text, as flags and environment variables give it. The schema judges it afterwards. */
export function fromText(info: Pick<SettingInfo, 'kind'>, text: string): unknown {
  switch (info.kind) {
    case 'number':
      return text.trim() === '' ? text : Number(text);
    case 'boolean':
      return (
        ['1', 'true', 'yes'].includes(text.toLowerCase()) ||
        (['0', 'false', 'no'].includes(text.toLowerCase()) ? false : text)
      );
    case 'list':
      return text.split(';').map((part) => part.trim());
    case 'record':
      return parseAssignments(text.split(';'));
    case 'text':
      return text;
  }
}

/** `['keys=5000', 'xfetch.beta=2']` → `{ keys: 5000, 'xfetch.beta': 2 }`. */
export function parseAssignments(texts: readonly string[]): Record<string, string | number | boolean> {
  const result: Record<string, string | number | boolean> = {};
  for (const text of texts) {
    const at = text.indexOf('=');
    if (at < 1)
      throw new HarnessError('BAD_PARAMETER', `--set '${text}' is not name=value`, {
        hint: 'for example --set keys=5000',
      });
    const value = text.slice(at + 1).trim();
    result[text.slice(0, at).trim()] =
      value === 'true'
        ? true
        : value === 'false'
          ? false
          : value !== '' && Number.isFinite(Number(value))
            ? Number(value)
            : value;
  }
  return result;
}
