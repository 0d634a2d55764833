/**
 * A service of the user's own as the config describes it, with all defaults filled in. The schema in `harness/plan`
 * reads it; `targets/own` makes a {@link Target} of it.
 */
import type { OperationId, RequestTemplate } from './operation.ts';
import type { Dependency } from './target.ts';

/** SQL that is run on the direct connection, or a program that is told the direct addresses. */
export type DataStep = { sql: string } | { command: readonly [string, ...string[]]; timeoutSec: number };

export interface OwnTarget {
  id: string;
  title: string;
  /** Exactly one of `command`, `image` and `url` is not null. */
  command: readonly [string, ...string[]] | null;
  image: { name: string; port: number; arguments: readonly string[] | null } | null;
  /** One for each instance; all with the same path. */
  url: readonly string[] | null;
  /** Relative to the config's folder. */
  cwd: string;
  /** The variable that is told the port to listen on; null where the service prints the ready line. */
  port: { variable: string } | null;
  /** The variable that is told the address to listen on; null where the service needs none. */
  host: { variable: string } | null;
  readiness: {
    path: string;
    timeoutSec: number;
    /** Null for any 2xx. */
    status: number | null;
  };
  /** Variable → text with placeholders. */
  environment: Readonly<Record<string, string>>;
  /** Names of variables that are handed through from the harness's own environment. */
  passEnvironment: readonly string[];
  needs: readonly Dependency[];
  operations: Partial<Record<OperationId, RequestTemplate>>;
  seed: DataStep | null;
  reset: DataStep | null;
}

/** Every placeholder of a text in the description, with what stands in its place. */
export const PLACEHOLDERS = {
  redisUrl: 'address of Redis, through the instance’s proxy',
  redisHost: 'its host',
  redisPort: 'its port',
  postgresUrl: 'address of Postgres with user, password and database, through the instance’s proxy',
  postgresHost: 'its host',
  postgresPort: 'its port',
  postgresUser: 'its user',
  postgresPassword: 'its password',
  postgresDatabase: 'its database',
  host: 'address to listen on',
  port: 'port to listen on',
  instance: 'number of the instance, from 0',
  instances: 'number of instances',
  seed: 'seed of the run',
  profile: 'name of the profile',
  ttlMs: 'TTL that the profile asks for, ms',
  ttlSec: 'the same in whole seconds, at least 1',
  products: 'number of items: keys go from 0 to one less',
  reviewsPerProduct: 'rows behind each item',
  stock: 'units of each item',
  recomputeMs: 'how long the profile wants a load to take, ms; 0 where it asks for real work',
  payloadBytes: 'size of an answer; empty where the profile asks for none',
  redisTimeoutMs: 'the setting of this name',
  postgresTimeoutMs: 'the setting of this name',
  postgresPool: 'the setting of this name',
} as const;

export type Placeholder = keyof typeof PLACEHOLDERS;

/** Which server a placeholder speaks of; null for the others. */
export function dependencyOf(placeholder: Placeholder): Dependency | null {
  return placeholder.startsWith('redis') && placeholder !== 'redisTimeoutMs'
    ? 'redis'
    : placeholder.startsWith('postgres') && placeholder !== 'postgresTimeoutMs' && placeholder !== 'postgresPool'
      ? 'postgres'
      : null;
}

/** The placeholders of a text, known or not. `{{word}}` is no placeholder, but `{word}` literally. */
export function placeholdersIn(text: string): string[] {
  return [...text.matchAll(PATTERN)].flatMap(([, escaped, name]) => (escaped === undefined && name ? [name] : []));
}

/** Fills in; `value` gives undefined for what shall stay as it is. */
export function fillPlaceholders(text: string, value: (name: string) => string | undefined): string {
  return text.replaceAll(PATTERN, (whole: string, escaped: string | undefined, name: string | undefined) =>
    escaped === undefined ? (value(name ?? '') ?? whole) : `{${escaped}}`,
  );
}

const PATTERN = /\{\{([A-Za-z]\w*)\}\}|\{([A-Za-z]\w*)\}/g;
