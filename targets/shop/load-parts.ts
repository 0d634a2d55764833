/**
 * Finds the parts that an instance was told to use: the defences of its stack, the stock strategy and, for tests of
 * the harness, a fault built into the service. An unknown name is an error that lists those there are.
 */
import { join } from 'node:path';
import type { z } from 'zod';
import type { Defence } from '../../harness/contract/defence.ts';
import { HarnessError } from '../../harness/contract/errors.ts';
import type { StockStrategy } from '../../harness/contract/stock.ts';
import type { StoreKind } from '../../harness/contract/store-kind.ts';
import type { Workload } from '../../harness/contract/workload.ts';
import type { WriteStrategy } from '../../harness/contract/write.ts';
import { loadModule, loadModules } from '../../harness/kit/load-modules.ts';
import { sourceRoot } from '../../harness/kit/package-root.ts';
import type { StackMember } from '../reader/stack.ts';
import type { BrokenService } from './broken.ts';
import type { ShopSettings } from './config.ts';

function pick<T>(all: ReadonlyMap<string, T>, id: string, kind: string): T {
  const found = all.get(id);
  if (found !== undefined) return found;
  throw new HarnessError('UNKNOWN_NAME', `there is no ${kind} '${id}'`, {
    hint: `one of ${[...all.keys()].join(', ')}`,
  });
}

const folder = (name: string): string => join(sourceRoot, 'targets', name);

export async function loadStack(wanted: ShopSettings['stack']): Promise<StackMember[]> {
  if (wanted.length === 0) return [];
  const ours = wanted.some(({ file }) => file === null)
    ? await loadModules<Defence>(folder('defences'), 'defence')
    : new Map<string, Defence>();
  return Promise.all(
    wanted.map(async ({ id, parameters, file }) => ({
      defence: file === null ? pick(ours, id, 'defence') : await loadModule<Defence>(file, 'defence'),
      parameters,
    })),
  );
}

/** The store with its parameters checked and completed. */
export async function loadStore(
  wanted: ShopSettings['store'],
): Promise<{ kind: StoreKind; parameters: Record<string, unknown> }> {
  const kind = pick(await loadModules<StoreKind>(folder('stores'), 'store'), wanted.id, 'store');
  return { kind, parameters: complete('store', kind, wanted.parameters) };
}

/** The workload with its parameters checked and completed. */
export async function loadWorkload(
  wanted: NonNullable<ShopSettings['workload']>,
): Promise<{ workload: Workload; parameters: Record<string, unknown> }> {
  const workload = pick(await loadModules<Workload>(folder('workloads'), 'workload'), wanted.id, 'workload');
  return { workload, parameters: complete('workload', workload, wanted.parameters) };
}

/** The write strategy with its parameters checked and completed. */
export async function loadWrite(
  wanted: ShopSettings['write'],
): Promise<{ strategy: WriteStrategy; parameters: Record<string, unknown> }> {
  const all = await loadModules<WriteStrategy>(folder('writes'), 'writeStrategy');
  const strategy = pick(all, wanted.id, 'write strategy');
  return { strategy, parameters: complete('write strategy', strategy, wanted.parameters) };
}

function complete(
  kind: string,
  { id, parameters }: { id: string; parameters: z.ZodObject },
  given: Record<string, unknown>,
): Record<string, unknown> {
  const parsed = parameters.safeParse(given);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new HarnessError('BAD_PARAMETER', `${kind} '${id}': ${problems.join('; ')}`);
}

/** The stock strategy with its parameters checked and completed. */
export async function loadStock(
  wanted: NonNullable<ShopSettings['stock']>,
): Promise<{ strategy: StockStrategy; parameters: Record<string, unknown> }> {
  const strategy =
    wanted.file === null
      ? pick(await loadModules<StockStrategy>(folder('stock'), 'stockStrategy'), wanted.id, 'stock strategy')
      : await loadModule<StockStrategy>(wanted.file, 'stockStrategy');
  return { strategy, parameters: complete('stock strategy', strategy, wanted.parameters) };
}

export async function loadBroken(id: string): Promise<BrokenService> {
  return pick(await loadModules<BrokenService>(folder('broken'), 'brokenService'), id, 'broken service');
}
