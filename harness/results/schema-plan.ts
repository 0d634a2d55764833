/** The part of the result's schema that holds what was planned: the plan, the place, the faults as observed. */
import { z } from 'zod';
import { operation } from './schema-load.ts';

type Stream =
  | { kind: 'single'; key: number }
  | { kind: 'uniform'; keys: number }
  | { kind: 'zipf'; keys: number; exponent: number }
  | { kind: 'hot-set'; keys: number; hotKeys: number; hotShare: number }
  | { kind: 'sequential'; keys: number }
  | { kind: 'mixture'; parts: { weight: number; stream: Stream }[] }
  | { kind: 'offset'; by: number; stream: Stream }
  | { kind: 'replay'; file: string };

const keyStream: z.ZodType<Stream> = z
  .lazy(() =>
    z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('single'), key: z.number() }),
      z.object({ kind: z.literal('uniform'), keys: z.number() }),
      z.object({ kind: z.literal('zipf'), keys: z.number(), exponent: z.number() }),
      z.object({ kind: z.literal('hot-set'), keys: z.number(), hotKeys: z.number(), hotShare: z.number() }),
      z.object({ kind: z.literal('sequential'), keys: z.number() }),
      z.object({ kind: z.literal('mixture'), parts: z.array(z.object({ weight: z.number(), stream: keyStream })) }),
      z.object({ kind: z.literal('offset'), by: z.number(), stream: keyStream }),
      z.object({ kind: z.literal('replay'), file: z.string() }),
    ]),
  )
  .meta({ id: 'KeyStream' });

const parameters = z.record(z.string(), z.unknown());
const plannedPart = z.object({ id: z.string(), parameters, file: z.string().nullable() });

const requestTemplate = z.object({
  method: z.enum(['GET', 'POST', 'PUT', 'DELETE']),
  path: z.string(),
  headers: z.record(z.string(), z.string()).exactOptional(),
  body: z.string().exactOptional(),
  identity: z.string().exactOptional(),
  rejectedStatuses: z.array(z.number()).exactOptional(),
  absentStatuses: z.array(z.number()).exactOptional(),
  recordWrites: z.boolean().exactOptional(),
});

const loadSpec = z.object({
  seed: z.number(),
  engine: z.enum(['open-loop', 'saturation']),
  arrivals: z.enum(['poisson', 'constant']),
  segments: z.array(
    z.object({
      name: z.string(),
      durationMs: z.number(),
      fromRatePerSec: z.number(),
      toRatePerSec: z.number(),
      recorded: z.boolean(),
    }),
  ),
  operations: z.array(
    z.object({
      operation,
      weight: z.number(),
      keys: keyStream,
      segments: z.array(z.string()).exactOptional(),
      absentFromKey: z.number().exactOptional(),
      recordVersions: z.literal(true).exactOptional(),
      request: requestTemplate,
    }),
  ),
  replay: z.object({ file: z.string(), speed: z.number(), maxRequests: z.number(), keys: z.number() }).exactOptional(),
  users: z.number(),
  timeoutMs: z.number(),
  maxInFlight: z.number(),
  connectionsPerInstance: z.number(),
  generatorProcesses: z.number(),
});

const environmentId = z.enum(['docker', 'local', 'external', 'none']);

export const runPlan = z.object({
  planVersion: z.literal(1),
  profile: z.object({ id: z.string(), title: z.string(), prose: z.string(), parameters }),
  target: z.object({ id: z.string(), title: z.string() }),
  defence: z.string(),
  stack: z.array(plannedPart),
  label: z.string(),
  store: plannedPart,
  write: plannedPart.nullable(),
  workload: plannedPart.nullable(),
  stock: plannedPart.nullable(),
  edge: z
    .object({
      id: z.literal('nginx'),
      parameters: z.object({
        sMaxAgeSec: z.number(),
        staleWhileRevalidateSec: z.number(),
        maxAgeSec: z.number(),
        lock: z.boolean(),
      }),
    })
    .nullable(),
  readReplica: z.object({ applyDelayMs: z.number() }).exactOptional(),
  purchasesPerUser: z.number().nullable(),
  perUserPerSec: z.number().exactOptional(),
  environment: environmentId,
  instances: z.number(),
  seed: z.number(),
  dataset: z.object({
    products: z.number(),
    reviewsPerProduct: z.number(),
    stock: z.number(),
    cost: z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('cpu') }),
      z.object({ kind: z.literal('wait'), waitMs: z.number(), spread: z.number().exactOptional() }),
    ]),
    preloadKeys: z.number(),
    reviewsIndex: z.boolean().exactOptional(),
    payloadBytes: z.number().exactOptional(),
  }),
  ttlMs: z.number(),
  hotKey: z.object({ key: z.number(), share: z.number() }).nullable(),
  redisConfig: z.record(z.string(), z.string()).exactOptional(),
  study: z
    .discriminatedUnion('kind', [
      z.object({
        kind: z.literal('breakpoint'),
        windowMs: z.number(),
        p99Ms: z.number(),
        maxFailedShare: z.number(),
      }),
      z.object({ kind: z.literal('drift'), settleShare: z.number() }),
    ])
    .exactOptional(),
  load: loadSpec,
  faults: z.array(
    z.object({
      fault: z.string(),
      atMs: z.number(),
      durationMs: z.number(),
      parameters: parameters.exactOptional(),
    }),
  ),
  checks: z.array(z.string()),
  thresholds: z.array(z.string()),
  prediction: z
    .object({ loadsPerExpiry: z.number(), ratePerSec: z.number(), recomputeSec: z.number(), by: z.string() })
    .nullable(),
  service: z.object({ redisTimeoutMs: z.number(), postgresTimeoutMs: z.number(), postgresPool: z.number() }),
  validity: z.object({
    maxDroppedShare: z.number(),
    maxRateError: z.number(),
    maxLagP99Ms: z.number(),
    maxGeneratorCpuShare: z.number(),
  }),
  provenance: z.record(z.string(), z.enum(['default', 'profile', 'config', 'environment', 'flag'])),
});

export const environmentManifest = z.object({
  id: environmentId,
  versions: z.record(z.string(), z.string()),
  toxiproxy: z.enum(['toxiproxy', 'embedded', 'none']),
  notes: z.array(z.string()),
  machine: z.object({
    platform: z.string(),
    cores: z.number(),
    cpuModel: z.string(),
    memoryBytes: z.number(),
    fingerprint: z.string(),
  }),
});

export const faultInterval = z.object({
  fault: z.string(),
  title: z.string(),
  plannedAtMs: z.number(),
  plannedDurationMs: z.number(),
  injectedAtMs: z.number().describe('epoch ms'),
  healedAtMs: z.number().describe('epoch ms'),
  confirmation: z.object({ active: z.boolean(), evidence: z.string() }),
  error: z.string().nullable(),
});
