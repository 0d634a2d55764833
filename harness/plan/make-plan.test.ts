import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { type FullCatalogue, loadCatalogue } from '../cli/catalogue.ts';
import { HarnessError } from '../contract/errors.ts';
import type { RunPlan } from '../contract/plan.ts';
import type { FaultEvent } from '../contract/profile.ts';
import { explainPlan } from './explain.ts';
import { makePlan } from './make-plan.ts';
import { predictFor } from './predict.ts';
import { resolveSettings } from './resolve-settings.ts';

let catalogue: FullCatalogue;
beforeAll(async () => {
  catalogue = await loadCatalogue();
});

interface Given {
  profile?: string;
  defence?: string;
  store?: string;
  write?: string;
  set?: Record<string, unknown>;
  faults?: FaultEvent[];
  environment?: 'local' | 'external';
}

function plan(given: Given = {}): RunPlan {
  const { settings, provenance } = resolveSettings({ flags: { set: given.set ?? {} }, environment: {}, config: {} });
  return makePlan({
    profile: given.profile ?? 'hot-key',
    defence: given.defence ?? 'cache-aside',
    store: given.store ?? null,
    write: given.write ?? null,
    stock: null,
    environment: given.environment ?? 'local',
    settings,
    provenance,
    faults: given.faults ?? [],
    catalogue,
    checkThreshold: () => {},
  });
}

function problem(given: Given): HarnessError {
  try {
    plan(given);
  } catch (error) {
    if (error instanceof HarnessError) return error;
    throw error;
  }
  throw new Error('the plan was accepted');
}

describe('a plan', () => {
  test('holds everything that shapes the run, and cannot be changed', () => {
    const made = plan({ defence: 'jitter+xfetch', set: { keys: 7, 'xfetch.beta': 2 } });
    expect(made.defence).toBe('xfetch+jitter');
    expect(made.stack[0]).toMatchObject({ id: 'xfetch', parameters: { beta: 2 } });
    expect(made.dataset.products).toBe(7);
    expect(made.load.operations[0]).toMatchObject({ operation: 'read-item', request: { path: '/products/{key}' } });
    expect(() => {
      (made.load as { seed: number }).seed = 1;
    }).toThrow(TypeError);
  });

  test('reads from a replica where the profile or somebody says so, and is refused where none can be started', () => {
    expect(plan({ profile: 'hot-key' })).not.toHaveProperty('readReplica');
    expect(plan({ profile: 'read-replica' }).readReplica).toEqual({ applyDelayMs: 200 });
    expect(plan({ profile: 'read-replica', set: { replica: false } })).not.toHaveProperty('readReplica');
    const set = { 'postgres.replica': true, 'postgres.applyDelayMs': 50 };
    expect(plan({ profile: 'hot-key', set }).readReplica).toEqual({ applyDelayMs: 50 });
    expect(problem({ set, environment: 'external' })).toMatchObject({
      code: 'BAD_PLAN',
      message: expect.stringContaining('--env external starts no servers'),
      hint: expect.stringContaining('postgres.replica=false'),
    });
    expect(problem({ set: { 'postgres.applyDelayMs': -1 } })).toMatchObject({ code: 'BAD_PARAMETER' });
  });

  test('a fault that would strike nothing is refused', () => {
    const restart = [{ fault: 'redis-restart', atMs: 3000, durationMs: 0 }];
    for (const store of ['redis-shards', 'memcached'])
      expect(problem({ store, faults: restart })).toMatchObject({
        code: 'BAD_PLAN',
        message: expect.stringContaining('none of them would be lost'),
        hint: expect.stringContaining('redis-flush'),
      });
    // Its replicas follow it.
    for (const store of ['redis', 'redis-replica']) expect(plan({ store, faults: restart }).faults).not.toEqual([]);

    const down = [{ fault: 'refresher-down', atMs: 3000, durationMs: 1000 }];
    expect(problem({ faults: down })).toMatchObject({
      code: 'BAD_PLAN',
      message: expect.stringContaining("no process 'refresher'"),
      hint: expect.stringContaining('external-refresh'),
    });
    expect(plan({ defence: 'external-refresh', faults: down }).faults).not.toEqual([]);
  });

  test('a store with servers of its own is refused where none are started', () => {
    expect(problem({ store: 'memcached', environment: 'external' })).toMatchObject({
      code: 'BAD_PLAN',
      message: expect.stringContaining('memcached'),
    });
  });

  test('a write strategy belongs to profiles that write the product page, and to no workload with writes of its own', () => {
    expect(plan({ profile: 'write-race' }).write?.id).toBe('invalidate-after-write');
    expect(plan({ profile: 'hot-key' }).write).toBeNull();
    expect(plan({ profile: 'sorted-pages' })).toMatchObject({ write: null, workload: { id: 'sorted-pages' } });
  });

  test('every profile makes one with its defaults, and explains itself', () => {
    const trace = join(mkdtempSync(join(tmpdir(), 'cachequake-plan-')), 'trace.csv');
    writeFileSync(trace, '0,a,1,100,1,get,0\n1,b,1,100,1,set,60\n');
    for (const profile of catalogue.profiles.keys()) {
      const text = explainPlan(plan({ profile, set: profile === 'replay' ? { file: trace } : {} }));
      expect(text).toContain(profile);
      expect(text).toContain('arrivals, seed 42');
    }
    rmSync(dirname(trace), { recursive: true });
  });

  test('says what it looks for, what it sets in Redis, and who chose the number of connections', () => {
    expect(explainPlan(plan({ profile: 'breakpoint' }))).toMatch(/two windows of 1s in a row have a p99 above 250 ms/);
    expect(explainPlan(plan({ profile: 'soak' }))).toMatch(/grows per hour, without the first 20 %/);
    const pressed = explainPlan(plan({ profile: 'eviction-pressure', set: { policy: 'noeviction' } }));
    expect(pressed).toMatch(/maxmemory-policy = noeviction, put back afterwards/);
    expect(pressed).toMatch(/has 2000 bytes/);
    const published = plan({ profile: 'xfetch-redisconf' });
    expect(published.service.postgresPool).toBe(50);
    expect(published.provenance['postgresPool']).toBe('profile');
    expect(plan({ profile: 'hot-key' }).service.postgresPool).toBe(10);
  });

  test('refuses a fault that does not end in time, and one that an external Redis cannot have', () => {
    const late = [{ fault: 'redis-down', atMs: 12_000, durationMs: 5000 }];
    expect(problem({ faults: late }).message).toMatch(/redis-down@12s does not end before the run does, after 14s/);
    const restart = [{ fault: 'redis-restart', atMs: 1000, durationMs: 0 }];
    expect(problem({ faults: restart, environment: 'external' }).message).toMatch(/did not start/);
  });

  test('takes the store of the profile with its parameters, unless another was chosen; what is set is stronger', () => {
    expect(plan({ profile: 'reshard', set: { shards: 2 } }).store).toMatchObject({
      id: 'redis-shards',
      parameters: { placement: 'consistent', shards: 2, spares: 1 },
    });
    expect(plan({ profile: 'reshard', set: { 'redis-shards.points': 8 } }).store.parameters).toMatchObject({
      points: 8,
    });
    expect(plan({ profile: 'reshard', store: 'redis' }).store).toMatchObject({ id: 'redis' });
    expect(plan().store.id).toBe('redis');
  });

  test('refuses a defence that the store cannot carry, and names the stores that can', () => {
    const { message, hint } = problem({ store: 'leveldb', defence: 'lease' });
    expect(message).toMatch(/'lease' needs lease, which the store 'leveldb' does not have/);
    expect(hint).toMatch(/memcached.*redis-shards/);
    expect(problem({ store: 'memcached', defence: 'two-tier' }).message).toMatch(/needs subscribe/);
  });

  test('knows a named stack, alone and beside others; what is set is stronger than what it brings', () => {
    for (const id of catalogue.stacks.keys()) expect(plan({ defence: id }).label).toBe(id);
    const made = plan({ defence: 'session-store+jitter', set: { 'lease.pollMs': 7 } });
    expect(made.defence).toBe(`${catalogue.stacks.get('session-store')!.members}+jitter`);
    expect(made.label).toBe(made.defence);
    expect(made.stack[1]).toMatchObject({ id: 'lease', parameters: { leaseMs: 3000, pollMs: 7 } });
    expect(problem({ defence: 'catalogue+jitter' }).message).toMatch(/'jitter' stands twice/);
    expect(problem({ defence: 'catalog' }).hint).toMatch(/catalogue/);
  });

  test('refuses a parameter whose owner is not in the run', () => {
    expect(problem({ set: { 'xfetch.beta': 2 } }).code).toBe('UNKNOWN_NAME');
    expect(problem({ set: { ratePerSec: 0 } }).code).toBe('BAD_PARAMETER');
  });

  test('tells all problems at once', () => {
    const { code, message } = problem({
      defence: 'nope',
      set: { ratePerSec: -1 },
      faults: [{ fault: 'nope', atMs: 0, durationMs: 0 }],
    });
    expect(code).toBe('BAD_PLAN');
    expect(message).toMatch(/2 problems|3 problems/);
    expect(message).toContain("no defence 'nope'");
    expect(message).toContain('ratePerSec=-1');
  });
});

describe('a prediction', () => {
  test('comes from the formula of the one defence that decides', () => {
    // λ = 400 × 0.95, δ = 0.06 s
    expect(plan().prediction?.loadsPerExpiry).toBeCloseTo(1 + 22.8, 6);
    expect(plan({ defence: 'lock-wait+jitter' }).prediction?.loadsPerExpiry).toBe(1);
    expect(plan({ defence: 'single-flight', set: { hotShare: 1 } }).prediction?.loadsPerExpiry).toBeCloseTo(
      1 + (1 - Math.exp(-12)),
      9,
    );
  });

  test('is silent where no formula describes the stack or the traffic', () => {
    expect(plan({ defence: 'xfetch+single-flight', set: { ttlMs: 60_000 } }).prediction).toBeNull();
    // A lock lets in one load, whoever comes before it; one that runs out lets in others, nobody has derived how many.
    for (const defence of ['xfetch-lock', 'flash-sale', 'session-store', 'news-feed'])
      expect(plan({ defence }).prediction?.loadsPerExpiry).toBe(1);
    expect(plan({ defence: 'xfetch-lock', set: { 'lock-wait.lockTtlMs': 20 } }).prediction).toBeNull();
    expect(plan({ profile: 'mass-expiry' }).prediction).toBeNull();
    expect(plan({ profile: 'flash-sale' }).prediction).toBeNull();
    expect(plan({ set: { recomputeMs: 0 } }).prediction).toBeNull();
  });

  test('uses rate and recompute time as measured where they are given', () => {
    const measured = predictFor(plan(), catalogue.defences, { ratePerSec: 100, recomputeSec: 0.2 });
    expect(measured?.loadsPerExpiry).toBeCloseTo(21, 9);
  });
});
