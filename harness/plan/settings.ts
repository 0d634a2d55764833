/**
 * Every setting once: its type, default, bounds and description. Flags, environment variables, the config file, help
 * and JSON Schema are all made from this table; flags win over the environment, that over the config file, that over
 * the defaults.
 */
import { z } from 'zod';

const image = (name: string, value: string) => z.string().min(1).default(value).describe(`image of ${name} (docker)`);
const url = (what: string) => z.string().nullable().default(null).describe(`address of ${what} (external)`);

export const settingsSchema = z.strictObject({
  env: z
    .enum(['auto', 'docker', 'local', 'external', 'none'])
    .default('auto')
    .describe(
      'where to run; auto takes docker where an engine answers, otherwise local; none starts no servers, for a service that needs none',
    ),
  instances: z.int().min(1).max(64).default(2).describe('instances of the service'),
  seed: z.int().min(0).max(2_147_483_647).default(42).describe('seed of arrivals, keys, users and faults'),
  set: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
    .default({})
    .describe('parameter of the profile (keys=5000), of a defence (xfetch.beta=2), store, write or stock strategy'),
  store: z.string().min(1).default('redis').describe('where cached values live (list stores)'),
  write: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe('what becomes of the cache on a write (list writes); the profile’s where not given'),
  edge: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe('HTTP cache in front of the instances: none or nginx; the profile’s where not given'),
  fault: z
    .array(z.string())
    .default([])
    .describe('fault at a time of the recorded part, for example redis-down@10s+5s'),
  threshold: z.array(z.string()).default([]).describe('limit on a measure, for example during.latency.p99<50ms'),
  engine: z
    .enum(['open-loop', 'saturation'])
    .default('open-loop')
    .describe('open loop at a rate, or closed loop as fast as it goes'),
  arrivals: z
    .enum(['poisson', 'constant'])
    .nullable()
    .default(null)
    .describe('arrival process instead of the profile’s'),
  connections: z.int().min(1).max(20_000).default(256).describe('keep-alive connections to each instance'),
  maxInFlight: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(10_000)
    .describe('cap on requests in flight; beyond it they are dropped and counted'),
  generators: z.int().min(1).max(16).default(1).describe('generator processes'),
  redisTimeoutMs: z.int().min(1).max(60_000).default(250).describe('how long the service waits for Redis'),
  postgresTimeoutMs: z.int().min(1).max(120_000).default(5000).describe('how long the service waits for Postgres'),
  postgresPool: z.int().min(1).max(500).default(10).describe('connections of each instance to Postgres'),
  maxDroppedShare: z
    .number()
    .min(0)
    .max(1)
    .default(0.001)
    .describe('dropped arrivals beyond this share make the run invalid'),
  maxRateError: z
    .number()
    .min(0)
    .max(1)
    .default(0.01)
    .describe('rate off by more than this share makes the run invalid'),
  maxLagP99Ms: z
    .number()
    .min(0)
    .max(10_000)
    .default(10)
    .describe('scheduling lag p99 beyond this makes the run invalid'),
  maxGeneratorCpuShare: z
    .number()
    .min(0)
    .max(1)
    .default(0.9)
    .describe('generator CPU beyond this share of a core makes the run invalid'),
  redisImage: image('Redis', 'redis:7.4-bookworm'),
  memcachedImage: image('Memcached', 'memcached:1.6-bookworm'),
  postgresImage: image('Postgres', 'postgres:18-bookworm'),
  toxiproxyImage: image('Toxiproxy', 'ghcr.io/shopify/toxiproxy:2.12.0'),
  nodeImage: image('Node', 'node:24-bookworm-slim'),
  nginxImage: image('nginx', 'nginx:1.28-bookworm'),
  redisUrl: url('a Redis that is already there'),
  postgresUrl: url('a Postgres that is already there'),
  toxiproxyUrl: url('a Toxiproxy that is already there'),
  allowDestructive: z
    .boolean()
    .default(false)
    .describe('let `--env external` flush that Redis and write to that Postgres'),
});

export type Settings = z.output<typeof settingsSchema>;
export type SettingName = keyof Settings;

/** The description, type and default of each setting, for help and for reading flags. */
export interface SettingInfo {
  name: SettingName;
  description: string;
  kind: 'text' | 'number' | 'boolean' | 'list' | 'record';
  choices: readonly string[] | null;
  fallback: unknown;
}

/** The table as data. */
export function settingInfos(): SettingInfo[] {
  const json = z.toJSONSchema(settingsSchema, { io: 'input' }) as {
    properties: Record<
      string,
      {
        type?: string;
        enum?: string[];
        anyOf?: { type?: string; enum?: string[] }[];
        default?: unknown;
        description?: string;
      }
    >;
  };
  return Object.entries(json.properties).map(([name, p]) => {
    const type = p.type ?? p.anyOf?.[0]?.type ?? 'string';
    const choices = p.enum ?? p.anyOf?.[0]?.enum ?? null;
    const kind =
      ({ integer: 'number', number: 'number', boolean: 'boolean', array: 'list', object: 'record' } as const)[type] ??
      'text';
    return { name: name as SettingName, description: p.description ?? '', kind, choices, fallback: p.default };
  });
}

/** `redisImage` → `--redis-image`. */
export function flagName(name: string): string {
  return `--${name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`;
}

/** `redisImage` → `CACHEQUAKE_REDIS_IMAGE`. */
export function environmentName(name: string): string {
  return `CACHEQUAKE_${name.replace(/[A-Z]/g, (c) => `_${c}`).toUpperCase()}`;
}
