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
import { loadModule, loadNamed } from '../../harness/kit/load-modules.ts';
import { sourceRoot } from '../../harness/kit/package-root.ts';
import type { StackMember } from '../reader/stack.ts';
import type { BrokenService } from './broken.ts';
import type { ShopSettings } from './config.ts';

const folder = (name: string): string => join(sourceRoot, 'targets', name);

export async function loadStack(wanted: ShopSettings['stack']): Promise<StackMember[]> {
  return Promise.all(
    wanted.map(async ({ id, parameters, file }) => ({
      defence: await (file === null
        ? loadNamed<Defence>(folder('defences'), id, 'defence')
        : loadModule<Defence>(file, 'defence')),
      parameters,
    })),
  );
}

/** The store with its parameters checked and completed. */
export async function loadStore(
  wanted: ShopSettings['store'],
): Promise<{ kind: StoreKind; parameters: Record<string, unknown> }> {
  const kind = await loadNamed<StoreKind>(folder('stores'), wanted.id, 'store');
  return { kind, parameters: complete('store', kind, wanted.parameters) };
}

/** The workload with its parameters checked and completed. */
export async function loadWorkload(
  wanted: NonNullable<ShopSettings['workload']>,
): Promise<{ workload: Workload; parameters: Record<string, unknown> }> {
  const workload = await loadNamed<Workload>(folder('workloads'), wanted.id, 'workload');
  return { workload, parameters: complete('workload', workload, wanted.parameters) };
}

/** The write strategy with its parameters checked and completed. */
export async function loadWrite(
  wanted: ShopSettings['write'],
): Promise<{ strategy: WriteStrategy; parameters: Record<string, unknown> }> {
  const strategy = await loadNamed<WriteStrategy>(folder('writes'), wanted.id, 'writeStrategy');
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
  const strategy = await (wanted.file === null
    ? loadNamed<StockStrategy>(folder('stock'), wanted.id, 'stockStrategy')
    : loadModule<StockStrategy>(wanted.file, 'stockStrategy'));
  return { strategy, parameters: complete('stock strategy', strategy, wanted.parameters) };
}

export function loadBroken(id: string): Promise<BrokenService> {
  return loadNamed<BrokenService>(folder('broken'), id, 'brokenService');
}
