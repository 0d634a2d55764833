/** Everything that can be named on the command line, found by scanning the folders once. */
import { join, resolve } from 'node:path';
import type { Defence } from '../contract/defence.ts';
import type { Fault } from '../contract/fault.ts';
import type { NamedStack } from '../contract/named-stack.ts';
import type { Probe } from '../contract/probe.ts';
import type { Profile } from '../contract/profile.ts';
import type { StockStrategy } from '../contract/stock.ts';
import type { StoreKind } from '../contract/store-kind.ts';
import type { Check } from '../contract/verdict.ts';
import type { Workload } from '../contract/workload.ts';
import type { WriteStrategy } from '../contract/write.ts';
import { loadModule, loadModules } from '../kit/load-modules.ts';
import { sourceRoot } from '../kit/package-root.ts';
import type { Catalogue } from '../plan/catalogue.ts';
import shop from '../../targets/shop/target.ts';

/** The catalogue of the plan, and what the run needs besides. */
export interface FullCatalogue extends Catalogue {
  profiles: Map<string, Profile>;
  defences: Map<string, Defence>;
  defenceFiles: Map<string, string>;
  stacks: Map<string, NamedStack>;
  faults: Map<string, Fault>;
  stock: Map<string, StockStrategy>;
  stockFiles: Map<string, string>;
  stores: Map<string, StoreKind>;
  writes: Map<string, WriteStrategy>;
  workloads: Map<string, Workload>;
  checkModules: Map<string, Check>;
  probes: Map<string, Probe>;
}

const folder = (...parts: string[]): string => join(sourceRoot, ...parts);

/** Loads all folders. */
export async function loadCatalogue(): Promise<FullCatalogue> {
  const [profiles, defences, stacks, stores, writes, workloads, faults, stock, checkModules, probes] =
    await Promise.all([
      loadModules<Profile>(folder('profiles'), 'profile'),
      loadModules<Defence>(folder('targets', 'defences'), 'defence'),
      loadModules<NamedStack>(folder('targets', 'stacks'), 'stack'),
      loadModules<StoreKind>(folder('targets', 'stores'), 'store'),
      loadModules<WriteStrategy>(folder('targets', 'writes'), 'writeStrategy'),
      loadModules<Workload>(folder('targets', 'workloads'), 'workload'),
      loadModules<Fault>(folder('harness', 'faults'), 'fault'),
      loadModules<StockStrategy>(folder('targets', 'stock'), 'stockStrategy'),
      loadModules<Check>(folder('harness', 'verdict', 'checks'), 'check'),
      loadModules<Probe>(folder('harness', 'probes'), 'probe'),
    ]);
  return {
    profiles,
    defences,
    defenceFiles: new Map(),
    stacks,
    faults,
    stock,
    stockFiles: new Map(),
    checkModules,
    checks: new Set(checkModules.keys()),
    probes,
    target: shop,
    stores,
    writes,
    workloads,
  };
}

/**
 * Resolves the members of a stack that are files (`./mine.ts`): loads them into the catalogue and returns the stack
 * with their ids.
 */
export async function withOwnDefences(catalogue: FullCatalogue, stackText: string): Promise<string> {
  const names = await Promise.all(
    stackText.split('+').map(async (part) => {
      const name = part.trim();
      if (!/\.[cm]?[jt]s$/.test(name)) return name;
      const path = resolve(name);
      const defence = await loadModule<Defence>(path, 'defence');
      catalogue.defences.set(defence.id, defence);
      catalogue.defenceFiles.set(defence.id, path);
      return defence.id;
    }),
  );
  return names.join('+');
}

/** The reference shop, whatever else is measured. */
export const referenceShop = shop;

/** Loads one profile of the user's own where the name is a file. */
export async function withOwnProfile(catalogue: FullCatalogue, name: string): Promise<string> {
  if (!/\.[cm]?[jt]s$/.test(name)) return name;
  const profile = await loadModule<Profile>(resolve(name), 'profile');
  catalogue.profiles.set(profile.id, profile);
  return profile.id;
}

/**
 * Loads a fault of the user's own where the fault of `./mine.ts@2s+1s` is a file.
 *
 * @returns the text with its id
 */
export async function withOwnFault(catalogue: FullCatalogue, text: string): Promise<string> {
  const [, file, rest] = /^\s*([^@]+\.[cm]?[jt]s)(@.*)$/s.exec(text) ?? [];
  if (file === undefined) return text;
  const fault = await loadModule<Fault>(resolve(file), 'fault');
  catalogue.faults.set(fault.id, fault);
  return fault.id + rest;
}

/** Loads a stock strategy of the user's own where the name is a file, and returns its id. */
export async function withOwnStock(catalogue: FullCatalogue, name: string): Promise<string> {
  if (!/\.[cm]?[jt]s$/.test(name)) return name;
  const path = resolve(name);
  const strategy = await loadModule<StockStrategy>(path, 'stockStrategy');
  catalogue.stock.set(strategy.id, strategy);
  catalogue.stockFiles.set(strategy.id, path);
  return strategy.id;
}
