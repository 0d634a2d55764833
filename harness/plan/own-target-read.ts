/**
 * Reads the section `target` of the config. Whatever can be known to be wrong with it is said here, with the field and
 * what would do, before anything is started.
 */
import type { z } from 'zod';
import { HarnessError } from '../contract/errors.ts';
import { OPERATIONS } from '../contract/operation.ts';
import {
  dependencyOf,
  type OwnTarget,
  type Placeholder,
  PLACEHOLDERS,
  placeholdersIn,
} from '../contract/own-target.ts';
import { unknownName } from '../kit/suggest.ts';
import { ownTargetFields, ownTargetSchema, requestTemplate } from './own-target.ts';

/**
 * Reads the section.
 *
 * @param path of the config, for messages
 * @throws HarnessError BAD_CONFIG with the field; UNKNOWN_NAME for a field, an operation or a placeholder that does not
 *   exist
 */
export function readOwnTarget(section: unknown, path: string): OwnTarget {
  const parsed = ownTargetSchema.safeParse(section);
  if (!parsed.success) {
    const { issues } = parsed.error;
    // A slip in a name is also a missing field; the slip says more.
    throw explainIssue(issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0]!, path);
  }
  const own = parsed.data;
  const where = (field: string): string => `placeholder in ${path}: target.${field}:`;
  for (const [name, text] of Object.entries(own.environment))
    checkPlaceholders(text, where(`environment.${name}`), own);
  for (const text of [...(own.command ?? []), ...(own.image?.arguments ?? [])])
    checkPlaceholders(text, where(own.command ? 'command' : 'image.arguments'), own);
  return own;
}

function checkPlaceholders(text: string, what: string, own: OwnTarget): void {
  for (const name of placeholdersIn(text)) {
    if (!Object.hasOwn(PLACEHOLDERS, name)) throw unknownName(what, name, Object.keys(PLACEHOLDERS));
    const dependency = dependencyOf(name as Placeholder);
    if (dependency !== null && !own.needs.includes(dependency))
      throw new HarnessError('BAD_CONFIG', `${what} {${name}}: '${dependency}' is not among the needs of '${own.id}'`, {
        hint: `needs: [${[...own.needs, dependency].map((need) => `'${need}'`).join(', ')}]`,
      });
  }
}

function explainIssue(issue: z.core.$ZodIssue, path: string): HarnessError {
  const at = ['target', ...issue.path.map(String)];
  if (issue.code === 'unrecognized_keys') return unknownField(issue.keys[0]!, at, path);
  if (issue.code === 'invalid_key' && at.at(-2) === 'operations')
    return unknownName(`operation in ${path}: target.operations:`, at.at(-1)!, OPERATIONS);
  // Of a union the alternative that fits best says what is missing; zod lists them in order.
  if (issue.code === 'invalid_union') {
    const inner = issue.errors.map((each) => each[0]).filter((each) => each !== undefined);
    const specific = inner.find(
      (each) => each.path.length > 0 || each.code === 'custom' || each.code === 'unrecognized_keys',
    );
    if (specific) return explainIssue({ ...specific, path: [...issue.path, ...specific.path] }, path);
  }
  const hint = descriptionAt(issue.path);
  return new HarnessError(
    'BAD_CONFIG',
    `${path}: ${at.join('.')}: ${issue.message}`,
    hint === undefined ? {} : { hint },
  );
}

function unknownField(name: string, at: readonly string[], path: string): HarnessError {
  if (at.at(-1) === 'operations') return unknownName(`operation in ${path}: target.operations:`, name, OPERATIONS);
  const known =
    at.length === 1
      ? Object.keys(ownTargetFields.shape)
      : at.includes('operations')
        ? Object.keys(requestTemplate.shape)
        : at.at(-1) === 'readiness'
          ? ['path', 'timeoutSec', 'status']
          : at.at(-1) === 'image'
            ? ['name', 'port', 'arguments']
            : at.at(-1) === 'port' || at.at(-1) === 'host'
              ? ['variable']
              : ['sql', 'command', 'timeoutSec'];
  return unknownName(`field in ${path}: ${at.join('.')}:`, name, known);
}

/** What the field is for. */
function descriptionAt(path: readonly PropertyKey[]): string | undefined {
  const [first] = path;
  if (typeof first !== 'string' || !Object.hasOwn(ownTargetFields.shape, first)) return undefined;
  const field = ownTargetFields.shape[first as keyof typeof ownTargetFields.shape] as z.ZodType;
  return field.description === undefined ? undefined : `${first}: ${field.description}`;
}
