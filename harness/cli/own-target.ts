/**
 * Which target is measured: a plain URL, the config's section, a file, or the reference shop. What is said on the
 * command line wins over the config.
 */
import { dirname } from 'node:path';
import { HarnessError } from '../contract/errors.ts';
import type { OwnTarget } from '../contract/own-target.ts';
import type { Provenance } from '../contract/plan.ts';
import type { Target } from '../contract/target.ts';
import { loadModule } from '../kit/load-modules.ts';
import { fillRequestText } from '../kit/request-text.ts';
import { unknownName } from '../kit/suggest.ts';
import { readOwnTarget } from '../plan/own-target-read.ts';
import type { ReadConfig } from '../plan/read-config.ts';
import type { Settings } from '../plan/settings.ts';
import { createOwnTarget } from '../../targets/own/target.ts';
import { referenceShop } from './catalogue.ts';

/** A description with the folder that its paths are relative to. */
export interface DescribedTarget {
  own: OwnTarget;
  configFolder: string;
}

/**
 * The description that the flags and the config give, for whoever makes several targets of it.
 *
 * @param flags `url` and `target`, as typed
 * @returns null where the reference shop or a file is measured
 * @throws HarnessError BAD_CONFIG, USAGE, UNKNOWN_NAME
 */
export function describedTarget(flags: Readonly<Record<string, unknown>>, config: ReadConfig): DescribedTarget | null {
  const urls = flags['url'] as readonly string[] | undefined;
  const name = flags['target'] as string | undefined;
  if (urls && name !== undefined)
    throw new HarnessError('USAGE', '--url and --target exclude each other: the URL is what is measured');
  if (urls) return { own: fromUrls(urls), configFolder: process.cwd() };
  if (name === referenceShop.id || (name !== undefined && isFile(name))) return null;
  const section = config.content['target'];
  if (section === undefined) {
    if (name === undefined) return null;
    throw unknownName('target', name, [referenceShop.id]);
  }
  const own = readOwnTarget(section, config.path ?? 'the config');
  if (name !== undefined && name !== own.id) throw unknownName('target', name, [own.id, referenceShop.id]);
  return { own, configFolder: dirname(config.path ?? process.cwd()) };
}

/** The target itself. Parameters and errors as of {@link describedTarget}; BAD_MODULE for a file that is none. */
export async function chooseTarget(flags: Readonly<Record<string, unknown>>, config: ReadConfig): Promise<Target> {
  const described = describedTarget(flags, config);
  if (described) return createOwnTarget(described.own, { configFolder: described.configFolder });
  const name = flags['target'] as string | undefined;
  return name !== undefined && isFile(name) ? loadModule<Target>(name, 'target') : referenceShop;
}

/** Where `auto` takes an own target that can be in one place only; the choice as it is for all others. */
export function placeOf(target: Target, chosen: Settings['env']): Settings['env'] {
  if (chosen !== 'auto' || !target.own) return chosen;
  if ('image' in target.command) return 'docker';
  return target.needs?.length === 0 ? 'none' : 'local';
}

/**
 * Refuses flags that choose parts of the reference shop.
 *
 * @param chosen names of flags with whether somebody chose them
 * @throws HarnessError USAGE
 */
export function refuseShopParts(target: Target, chosen: Readonly<Record<string, boolean>>): void {
  if (!target.own) return;
  const first = Object.keys(chosen).find((name) => chosen[name]);
  if (first === undefined) return;
  throw new HarnessError(
    'USAGE',
    `${first} chooses a part of the reference shop; the target '${target.id}' brings its own cache, and how it is defended is its own business`,
    { hint: `leave it out, or measure the reference shop with --target ${referenceShop.id}` },
  );
}

/** Whether a setting was chosen by anybody. */
export function isChosen(provenance: Readonly<Record<string, Provenance>>, name: string): boolean {
  return (provenance[name] ?? 'default') !== 'default';
}

/** `http://127.0.0.1:3000/items/{key}`: one operation, read-item, and nothing else is known. */
function fromUrls(texts: readonly string[]): OwnTarget {
  const parts = texts.map((text) => {
    const [, origin, path] = /^(https?:\/\/[^/?#\s]+)([/?][^#\s]*)?$/i.exec(text) ?? [];
    if (origin === undefined || !URL.canParse(origin))
      throw new HarnessError('BAD_PARAMETER', `--url '${text}' is not the URL of a service`, {
        hint: 'for example --url http://127.0.0.1:3000/items/{key}',
      });
    return { origin, path: path === undefined ? '/' : path.startsWith('?') ? `/${path}` : path };
  });
  const path = parts[0]!.path;
  if (parts.some((part) => part.path !== path))
    throw new HarnessError('BAD_PARAMETER', 'all URLs must have the same path: they are instances of one service');
  return readOwnTarget(
    {
      id: 'url',
      title: texts[0],
      url: parts.map(({ origin }) => origin),
      readiness: {
        path: fillRequestText(path, { key: 0, user: 0, id: 'ready' }),
        timeoutSec: 5,
      },
      operations: { 'read-item': { path } },
    },
    '--url',
  );
}

function isFile(name: string): boolean {
  return /\.[cm]?[jt]s$/.test(name);
}
