/**
 * Request templates taken apart once, so that filling in `{key}`, `{user}` and `{id}` costs a few string additions
 * while the load runs.
 */
import type { LoadOperation } from '../contract/load.ts';
import type { OperationId, RequestTemplate } from '../contract/operation.ts';
import { REQUEST_PLACEHOLDER } from '../kit/request-text.ts';

type Placeholder = 'key' | 'user' | 'id';
export type Template = (key: number, user: number, id: string) => string;

export interface CompiledOperation {
  operation: OperationId;
  method: RequestTemplate['method'];
  path: Template;
  body: Template | null;
  /** Name, value, name, value, … */
  headers: string[];
  identity: Template | null;
  rejectedStatuses: ReadonlySet<number>;
  absentStatuses: ReadonlySet<number>;
  absentFromKey: number | null;
  recordWrites: boolean;
  recordVersions: boolean;
}

/**
 * Compiles an operation's request. A body without a content type is sent as JSON.
 *
 * @param pathPrefix path of the base URL, put before the template's path; empty for none
 */
export function compileOperation(loadOperation: LoadOperation, pathPrefix = ''): CompiledOperation {
  const { operation, request, absentFromKey, recordVersions } = loadOperation;
  const headers = Object.entries(request.headers ?? {}).flat();
  const hasType = Object.keys(request.headers ?? {}).some((name) => name.toLowerCase() === 'content-type');
  if (request.body !== undefined && !hasType) headers.push('content-type', 'application/json');
  return {
    operation,
    method: request.method,
    path: compileTemplate(pathPrefix + request.path),
    body: request.body === undefined ? null : compileTemplate(request.body),
    headers,
    identity: request.identity === undefined ? null : compileTemplate(request.identity),
    rejectedStatuses: new Set(request.rejectedStatuses),
    absentStatuses: new Set(request.absentStatuses),
    absentFromKey: absentFromKey ?? null,
    recordWrites: request.recordWrites ?? false,
    recordVersions: recordVersions ?? false,
  };
}

/** An id that is unique in the run and the same in every run of this seed. */
export function requestId(seed: number, index: number): string {
  return `${seed.toString(36)}-${index.toString(36)}`;
}

/** Other braces, as in JSON, are left as they are. */
export function compileTemplate(text: string): Template {
  // Splitting by groups keeps what was found: a text, then the name and the offset of a placeholder, and so on.
  const parts = text.split(REQUEST_PLACEHOLDER);
  if (parts.length === 1) return () => text;
  if (parts.length === 4) {
    const [before = '', placeholder, offset, after = ''] = parts;
    const by = Number(offset ?? 0);
    if (placeholder === 'key') return (key) => `${before}${key + by}${after}`;
  }
  return (key, user, id) => {
    let filled = parts[0]!;
    for (let i = 1; i < parts.length; i += 3) {
      const placeholder = parts[i] as Placeholder;
      const by = Number(parts[i + 1] ?? 0);
      filled += (placeholder === 'key' ? key + by : placeholder === 'user' ? user + by : id) + parts[i + 2]!;
    }
    return filled;
  };
}
