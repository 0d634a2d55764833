/**
 * Reads JSON bodies as Toxiproxy does: names of fields in any case, unknown fields ignored, null as if not given, a
 * wrong type refused. Nothing is looked up by a name that comes from outside.
 */
import { badRequestBody } from './api-error.ts';

interface FieldTypes {
  string: string;
  number: number;
  boolean: boolean;
  object: object;
}

/** Parses a request's body. @throws ApiError 400 */
export function parseBody(text: string): unknown {
  if (text.trim() === '') throw badRequestBody('EOF');
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw badRequestBody((error as Error).message);
  }
}

/** A field of an object by its name in any case; undefined when absent or null. @throws ApiError 400 on a wrong type */
export function field<T extends keyof FieldTypes>(body: unknown, name: string, type: T): FieldTypes[T] | undefined {
  if (body === null) return undefined;
  if (typeof body !== 'object' || Array.isArray(body)) throw badRequestBody(`cannot use ${kindOf(body)} as an object`);
  let found: unknown;
  for (const [key, value] of Object.entries(body)) if (key.toLowerCase() === name && value !== null) found = value;
  if (found === undefined) return undefined;
  if (typeof found !== type || Array.isArray(found))
    throw badRequestBody(`cannot use ${kindOf(found)} as ${type} in field ${name}`);
  return found as FieldTypes[T];
}

/**
 * Whole numbers by name, over the current ones.
 *
 * @param given the object from the body, or undefined
 * @param names what is read; everything else is ignored
 * @param current values that stay where nothing is given; 0 where there are none
 * @throws ApiError 400 when one is not a whole number
 */
export function wholeNumbers(
  given: object | undefined,
  names: readonly string[],
  current: Readonly<Record<string, number>>,
): Record<string, number> {
  const numbers: Record<string, number> = {};
  for (const name of names) {
    const value = field(given ?? null, name, 'number') ?? current[name] ?? 0;
    if (!Number.isSafeInteger(value))
      throw badRequestBody(`cannot use number ${value} as a whole number in field attributes.${name}`);
    numbers[name] = value;
  }
  return numbers;
}

function kindOf(value: unknown): string {
  return Array.isArray(value) ? 'array' : typeof value;
}
