/** What every kind of result has, and the proof that a schema and the contract's type are the same. */
import { z } from 'zod';

export const status = z.enum(['pass', 'unknown', 'fail']);
export const unit = z.enum(['ms', 's', '%', '/s', 'ratio', 'count', 'bytes', 'loads', 'queries']);
export const verdict = z.object({ status, sentence: z.string(), explanation: z.string() });

export const head = {
  schemaVersion: z.int().describe('a reader refuses a higher one and lifts a lower one'),
  cachequakeVersion: z.string(),
  runId: z.string(),
  command: z.string().describe('as it was typed, passwords replaced'),
  startedAt: z.string().describe('ISO 8601'),
  finishedAt: z.string().describe('ISO 8601'),
  partial: z.boolean().describe('true when the run was interrupted'),
};

export const measureFields = {
  id: z.string(),
  title: z.string(),
  unit,
  better: z.enum(['lower', 'higher', 'neither']),
  evidence: z.enum(['count', 'time']).describe('count hardly depends on the machine, time does'),
};

export const measureMeta = z.object(measureFields);

/** Arrays that the contract only reads are plain arrays in a file. */
type Mutable<T> = T extends readonly (infer E)[]
  ? Mutable<E>[]
  : T extends object
    ? { -readonly [K in keyof T]: Mutable<T[K]> }
    : T;

/** `true` where both types are the same but for `readonly`, `never` otherwise. */
export type Same<A, B> =
  // The type parameter is what makes the compiler compare the two types themselves and not what may be assigned.
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters
  (<T>() => T extends Mutable<A> ? 1 : 2) extends <T>() => T extends Mutable<B> ? 1 : 2 ? true : never;
