/** The public entry of the package: what a defence, profile, fault, probe or check of your own is written with. */
export { defineDefence } from './contract/defence.ts';
export type { Answer, CacheOutcome, Defence, DefenceContext, Freshness, LoadEvent } from './contract/defence.ts';
export { HarnessError } from './contract/errors.ts';
export { defineFault } from './contract/fault.ts';
export type { Fault, FaultContext } from './contract/fault.ts';
export { defineProbe } from './contract/probe.ts';
export type { Probe, Sampler } from './contract/probe.ts';
export { defineProfile } from './contract/profile.ts';
export type { Profile, ProfileShape } from './contract/profile.ts';
export type { AnyResult, ComparisonResult, RunResult } from './contract/result.ts';
export { defineStockStrategy } from './contract/stock.ts';
export type { Entry, Store } from './contract/store.ts';
export { defineTarget } from './contract/target.ts';
export type { Target } from './contract/target.ts';
export type { Clock, Random } from './contract/time.ts';
export { defineCheck } from './contract/verdict.ts';
export type { Check, Evidence } from './contract/verdict.ts';
