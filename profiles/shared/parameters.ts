/** Parameters and segments that several profiles share, so that they are named and bounded alike everywhere. */
import { z } from 'zod';
import type { ArrivalSegment } from '../../harness/contract/load.ts';
import type { Dataset, ProfileTraffic } from '../../harness/contract/profile.ts';

/** How long the database takes to make a value (δ). */
export function recomputeParameter(fallbackMs: number): z.ZodDefault<z.ZodNumber> {
  return z
    .number()
    .min(0)
    .max(60_000)
    .default(fallbackMs)
    .describe('how long the database takes to make a value (δ); 0 for real work instead of waiting');
}

/** TTL of cached values. */
export function ttlParameter(fallbackMs: number): z.ZodDefault<z.ZodInt> {
  return z.int().min(50).max(86_400_000).default(fallbackMs).describe('TTL of cached values');
}

/** Rate and length of a steady load. */
export const steadyParameters = {
  ratePerSec: z.number().positive().max(200_000).default(400).describe('requests per second over all instances'),
  durationSec: z.number().positive().max(86_400).default(14).describe('length of the recorded part'),
};

/** A shop's catalogue whose pages cost what `recomputeMs` says. */
export function catalogue(
  p: { keys: number; recomputeMs: number },
  rest: Pick<Dataset, 'stock' | 'preloadKeys' | 'payloadBytes'>,
): Dataset {
  return {
    products: p.keys,
    reviewsPerProduct: 20,
    cost: p.recomputeMs > 0 ? { kind: 'wait', waitMs: p.recomputeMs } : { kind: 'cpu' },
    ...rest,
  };
}

/** Size of an item's answer. */
export function payloadParameter(fallbackBytes: number): z.ZodDefault<z.ZodInt> {
  return z
    .int()
    .min(1)
    .max(10_000_000)
    .default(fallbackBytes)
    .describe('size of an item as it is cached and answered; below some 230 bytes it stays at that');
}

/** What a profile leaves alone that neither sells nor has one hot key. */
export const plain = { events: [], checks: ['identity'], hotKey: null, stock: null, purchasesPerUser: null } as const;

/** Warm-up and the client's patience. */
export const latencyParameters = {
  warmUpSec: z.number().min(0).max(3600).default(2).describe('traffic before the recorded part, in no figure'),
  timeoutMs: z.int().min(1).max(120_000).default(5000).describe('how long a client waits for an answer'),
};

/** A warm-up and one recorded stretch, both at the same rate. */
export function steady(p: { ratePerSec: number; durationSec: number; warmUpSec: number }): ArrivalSegment[] {
  return [...warmUp(p.warmUpSec, p.ratePerSec), segment('steady', p.durationSec, p.ratePerSec)];
}

/** Steady reads of a catalogue by a Zipf distribution, and writes of the same keys, with the version of every answer kept. */
export function readsAndWrites(
  p: Parameters<typeof steady>[0] & { keys: number; exponent: number; writeShare: number },
): ProfileTraffic {
  const keys = { kind: 'zipf', keys: p.keys, exponent: p.exponent } as const;
  return {
    arrivals: 'poisson',
    segments: steady(p),
    operations: [
      { operation: 'read-item', weight: 1 - p.writeShare, keys, recordVersions: true },
      { operation: 'write-item', weight: p.writeShare, keys, recordVersions: true },
    ],
    users: 10_000,
  };
}

/** The warm-up, or nothing where its length is zero. */
export function warmUp(seconds: number, ratePerSec: number): ArrivalSegment[] {
  return seconds > 0 ? [{ ...segment('warm-up', seconds, ratePerSec), recorded: false }] : [];
}

/** A recorded stretch whose rate goes in a straight line from one value to another. */
export function segment(
  name: string,
  seconds: number,
  fromRatePerSec: number,
  toRatePerSec = fromRatePerSec,
): ArrivalSegment {
  return { name, durationMs: seconds * 1000, fromRatePerSec, toRatePerSec, recorded: true };
}
