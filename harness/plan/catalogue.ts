/** What a plan chooses from: everything that can be named, by id. Filled by the command line, which scans the folders. */
import type { Defence } from '../contract/defence.ts';
import type { Fault } from '../contract/fault.ts';
import type { NamedStack } from '../contract/named-stack.ts';
import type { Profile } from '../contract/profile.ts';
import type { StockStrategy } from '../contract/stock.ts';
import type { StoreKind } from '../contract/store-kind.ts';
import type { Target } from '../contract/target.ts';
import type { WriteStrategy } from '../contract/write.ts';
import type { Workload } from '../contract/workload.ts';

/** All that can be named on the command line. */
export interface Catalogue {
  profiles: ReadonlyMap<string, Profile>;
  defences: ReadonlyMap<string, Defence>;
  /** Names that stand for several defences. */
  stacks: ReadonlyMap<string, NamedStack>;
  /** Paths of the user's own defence files, by id. */
  defenceFiles: ReadonlyMap<string, string>;
  faults: ReadonlyMap<string, Fault>;
  stock: ReadonlyMap<string, StockStrategy>;
  /** Paths of the user's own stock strategies, by id. */
  stockFiles: ReadonlyMap<string, string>;
  checks: ReadonlySet<string>;
  target: Target;
  stores: ReadonlyMap<string, StoreKind>;
  writes: ReadonlyMap<string, WriteStrategy>;
  workloads: ReadonlyMap<string, Workload>;
}
