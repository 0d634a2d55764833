/**
 * The settings of one shop instance. They come from environment variables only, so that an instance is started the
 * same way as a child process, in a container and by hand; every problem is named at once, with its variable.
 */
import { z } from 'zod';
import { HarnessError } from '../../harness/contract/errors.ts';
import type { Dataset } from '../../harness/contract/profile.ts';

const whole = (low: number, high: number) => z.coerce.number().int().min(low).max(high);

/** A variable that holds JSON of the given form. */
function json<S extends z.ZodType>(schema: S) {
  return z
    .string()
    .transform((text, context) => {
      try {
        return JSON.parse(text) as unknown;
      } catch {
        context.addIssue({ code: 'custom', message: 'is not JSON' });
        return z.NEVER;
      }
    })
    .pipe(schema);
}

const address = (schemes: RegExp) =>
  z.string().refine((text) => schemes.test(text), { message: `must begin with ${schemes.source.replace('^', '')}` });

const parameters = z.record(z.string(), z.unknown()).default({});

const schema = z.object({
  SHOP_HOST: z.string().default('127.0.0.1'),
  SHOP_PORT: whole(0, 65_535).default(0),
  SHOP_INSTANCE: whole(0, 9_999).default(0),
  SHOP_INSTANCES: whole(1, 10_000).default(1),
  REDIS_URL: address(/^rediss?:\/\//),
  DATABASE_URL: address(/^postgres(ql)?:\/\//),
  SHOP_READ_DATABASE_URL: address(/^postgres(ql)?:\/\//).optional(),
  SHOP_STACK: json(
    z.array(z.object({ id: z.string().min(1), parameters, file: z.string().nullable().default(null) })),
  ).default([]),
  SHOP_TTL_MS: whole(1, 86_400_000).default(60_000),
  SHOP_COST: json(
    z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('cpu') }),
      z.object({
        kind: z.literal('wait'),
        waitMs: z.number().min(0).max(60_000),
        spread: z.number().min(0).max(1).exactOptional(),
      }),
    ]),
  ).default({ kind: 'cpu' }),
  SHOP_PAYLOAD_BYTES: whole(1, 10_000_000).optional(),
  SHOP_REDIS_TIMEOUT_MS: whole(1, 60_000).default(500),
  SHOP_POSTGRES_TIMEOUT_MS: whole(1, 120_000).default(5_000),
  SHOP_POSTGRES_POOL: whole(1, 1_000).default(10),
  SHOP_SEED: z.coerce.number().int().default(1),
  SHOP_STORE: json(z.object({ id: z.string().min(1), parameters })).default({ id: 'redis', parameters: {} }),
  SHOP_SERVERS: json(z.record(z.string(), z.string())).default({}),
  SHOP_WRITE: json(z.object({ id: z.string().min(1), parameters })).default({
    id: 'invalidate-after-write',
    parameters: {},
  }),
  SHOP_WORKLOAD: json(z.object({ id: z.string().min(1), parameters }).nullable()).default(null),
  SHOP_STOCK: json(
    z.object({ id: z.string().min(1), parameters, file: z.string().nullable().default(null) }).nullable(),
  ).default(null),
  SHOP_PURCHASES_PER_USER: whole(1, 1_000_000).optional(),
  SHOP_PER_USER_PER_SEC: z.coerce.number().positive().max(10_000).optional(),
  SHOP_CACHE_CONTROL: z.string().max(500).optional(),
  SHOP_BROKEN: z.string().optional(),
});

/** What one instance was told. */
export interface ShopSettings {
  host: string;
  port: number;
  index: number;
  instances: number;
  /** Names this process in lock tokens, stream consumers and database sessions. */
  instance: string;
  redisUrl: string;
  databaseUrl: string;
  /** Of a replica that pages are loaded from; null for the one database. */
  readDatabaseUrl: string | null;
  stack: { id: string; parameters: Record<string, unknown>; file: string | null }[];
  ttlMs: number;
  cost: Dataset['cost'];
  /** Size of a page as it is cached and answered; null for as it comes. */
  payloadBytes: number | null;
  redisTimeoutMs: number;
  postgresTimeoutMs: number;
  postgresPool: number;
  seed: number;
  store: { id: string; parameters: Record<string, unknown> };
  /** Addresses of the servers that the store asked for, by name. */
  servers: Record<string, string>;
  write: { id: string; parameters: Record<string, unknown> };
  workload: { id: string; parameters: Record<string, unknown> } | null;
  stock: { id: string; parameters: Record<string, unknown>; file: string | null } | null;
  purchasesPerUser: number | null;
  /** How often one user may try to buy per second; null for no limit. */
  perUserPerSec: number | null;
  /** `Cache-Control` of product pages; null for none. */
  cacheControl: string | null;
  broken: string | null;
}

/**
 * Reads the settings. An empty variable counts as not set.
 *
 * @param environment for example `process.env`
 * @throws HarnessError `BAD_CONFIG` that names every wrong variable
 */
export function readSettings(environment: Readonly<Record<string, string | undefined>>): ShopSettings {
  const given: Record<string, string> = {};
  for (const name of Object.keys(schema.shape)) {
    const value = environment[name];
    if (value !== undefined && value !== '') given[name] = value;
  }
  const parsed = schema.safeParse(given);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => {
      const name = String(issue.path[0]);
      if (given[name] === undefined) return `${name} is not set`;
      const place = issue.path.slice(1).join('.');
      return `${name}${place === '' ? '' : ` at ${place}`}: ${issue.message}`;
    });
    throw new HarnessError('BAD_CONFIG', `the shop cannot start: ${problems.join('; ')}`, {
      hint: 'the shop is configured by environment variables; REDIS_URL and DATABASE_URL have no default',
    });
  }
  const env = parsed.data;
  return {
    host: env.SHOP_HOST,
    port: env.SHOP_PORT,
    index: env.SHOP_INSTANCE,
    instances: env.SHOP_INSTANCES,
    instance: `shop-${env.SHOP_INSTANCE}`,
    redisUrl: env.REDIS_URL,
    databaseUrl: env.DATABASE_URL,
    readDatabaseUrl: env.SHOP_READ_DATABASE_URL ?? null,
    stack: env.SHOP_STACK,
    ttlMs: env.SHOP_TTL_MS,
    cost: env.SHOP_COST,
    payloadBytes: env.SHOP_PAYLOAD_BYTES ?? null,
    redisTimeoutMs: env.SHOP_REDIS_TIMEOUT_MS,
    postgresTimeoutMs: env.SHOP_POSTGRES_TIMEOUT_MS,
    postgresPool: env.SHOP_POSTGRES_POOL,
    seed: env.SHOP_SEED,
    store: env.SHOP_STORE,
    servers: env.SHOP_SERVERS,
    write: env.SHOP_WRITE,
    workload: env.SHOP_WORKLOAD,
    stock: env.SHOP_STOCK,
    purchasesPerUser: env.SHOP_PURCHASES_PER_USER ?? null,
    perUserPerSec: env.SHOP_PER_USER_PER_SEC ?? null,
    cacheControl: env.SHOP_CACHE_CONTROL ?? null,
    broken: env.SHOP_BROKEN ?? null,
  };
}
