/**
 * A fault is one file: what it needs, how it is undone (as data, journalled before the injection), how it injects,
 * how it is confirmed active, how it is drawn, and the incident that it stands for.
 */
import type { Redis } from 'ioredis';
import type { z } from 'zod';
import type { StartedHelper, StartedInstance, StartedStack } from './environment.ts';
import type { QueryRunner } from './target.ts';
import type { Clock, Log, Random } from './time.ts';

/** One step that takes back an injection. Data, so that it can be replayed after a crash. */
export type UndoStep =
  | { do: 'enable-proxy'; toxiproxyUrl: string; proxy: string }
  | { do: 'remove-toxic'; toxiproxyUrl: string; proxy: string; toxic: string }
  | { do: 'restart-redis' }
  /** Nothing to be done after a crash: the helper has died with its run. */
  | { do: 'revive-helper'; helper: string };

export interface FaultContext {
  stack: StartedStack;
  instances: readonly StartedInstance[];
  helpers?: readonly StartedHelper[];
  /** Admin connection, direct, opened before the fault. */
  redis: Redis;
  sql: QueryRunner;
  clock: Clock;
  random: Random;
  log: Log;
}

/** What shows that a fault was really there. */
export interface FaultConfirmation {
  active: boolean;
  /** In words, for example "4 connections cut, new ones refused". */
  evidence: string;
}

export interface Fault<S extends z.ZodObject = z.ZodObject> {
  id: string;
  title: string;
  prose: string;
  /** The public incident it stands for. */
  incident: string;
  /** `lasting` faults have a duration; `striking` ones happen at a moment. */
  kind: 'lasting' | 'striking';
  needs: readonly ('proxy' | 'redis-restart' | 'redis-write')[];
  /** The process beside the instances that it strikes, and how a run gets one. */
  helper?: { name: string; hint: string };
  parameters: S;
  undo(context: FaultContext, parameters: z.output<S>): UndoStep[];
  inject(context: FaultContext, parameters: z.output<S>): Promise<void>;
  confirm(context: FaultContext, parameters: z.output<S>): Promise<FaultConfirmation>;
}

export function defineFault<S extends z.ZodObject>(fault: Fault<S>): Fault<S> {
  return fault;
}

/** A fault as it was observed. Times are epoch ms. */
export interface FaultInterval {
  fault: string;
  title: string;
  plannedAtMs: number;
  plannedDurationMs: number;
  injectedAtMs: number;
  healedAtMs: number;
  confirmation: FaultConfirmation;
  error: string | null;
}
