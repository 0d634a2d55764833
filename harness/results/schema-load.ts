/** The part of the result's schema that holds what generators and probes saw. */
import { z } from 'zod';
import { CACHE_OUTCOMES } from '../contract/defence.ts';
import { OPERATIONS, REQUEST_OUTCOMES } from '../contract/operation.ts';

export const operation = z.enum(OPERATIONS);
const requestOutcome = z.enum(REQUEST_OUTCOMES);
const cacheOutcome = z.enum(CACHE_OUTCOMES);
const counts = z.array(z.number());

export const histogramRecord = z.object({
  phase: z.enum(['before', 'during', 'after']),
  operation,
  outcome: requestOutcome,
  cacheOutcome: cacheOutcome.nullable().describe('from Cache-Status (RFC 9211); null where the target does not tell'),
  clock: z.enum(['intended', 'service']),
  count: z.number(),
  hdr: z.string().describe('HdrHistogram V2, compressed, base64; microseconds'),
});

export const loadSlots = z.object({
  startedAtMs: z.number().describe('epoch ms'),
  slotMs: z.number(),
  offered: counts,
  sent: counts,
  completed: counts,
  dropped: counts,
  maxInFlight: counts,
  outcomes: z.partialRecord(requestOutcome, counts),
  cacheOutcomes: z.partialRecord(cacheOutcome, counts),
  latencyBucketEdgesUs: counts,
  latencyCounts: z.array(counts),
});

export const generatorEvidence = z.object({
  processes: z.number(),
  lagP50Us: z.number(),
  lagP99Us: z.number(),
  lagMaxUs: z.number(),
  cpuShareMax: z.number(),
  cpuShareMean: z.number(),
  connectionsOpened: z.number(),
  connectionsReplaced: z.number(),
});

export const series = z.object({
  id: z.string(),
  title: z.string(),
  unit: z.string(),
  tMs: counts.describe('ms from the start of the recorded part'),
  values: z.array(z.number().nullable()),
});

export const statement = z.object({
  sql: z.string(),
  calls: z.number(),
  totalMs: z.number(),
  meanMs: z.number(),
  maxMs: z.number(),
});
