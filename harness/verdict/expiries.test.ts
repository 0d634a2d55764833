import { describe, expect, test } from 'vitest';
import type { LoadEvent } from '../contract/defence.ts';
import type { Random } from '../contract/time.ts';
import { seededRandom } from '../kit/random.ts';
import { buildEvidence, steady } from './fixtures/evidence.ts';
import { expiriesIn, rebuildEpisodes } from './expiries.ts';
import { phasesOf } from './phases.ts';

function load(startedAtMs: number, endedAtMs: number, rest: Partial<LoadEvent> = {}): LoadEvent {
  return { key: 'product:0', cause: 'miss', startedAtMs, endedAtMs, ok: true, filled: true, ...rest };
}

describe('rebuildEpisodes', () => {
  test('loads that begin before the first fill belong together, the next one begins anew', () => {
    const episodes = rebuildEpisodes([load(0, 100), load(30, 130), load(99, 199), load(1100, 1200)]);
    expect(episodes.map((episode) => episode.loads)).toEqual([3, 1]);
    // 100 ms plus a grace of a tenth of the load.
    expect(episodes[0]!.endedAtMs).toBe(110);
  });

  test('the grace is at least 5 ms and otherwise a tenth of the load', () => {
    expect(rebuildEpisodes([load(0, 20), load(24, 44)]).length).toBe(1);
    expect(rebuildEpisodes([load(0, 20), load(25, 45)]).length).toBe(2);
    expect(rebuildEpisodes([load(0, 200), load(219, 419)]).length).toBe(1);
    expect(rebuildEpisodes([load(0, 200), load(220, 420)]).length).toBe(2);
  });

  test('a load that failed or filled nothing ends nothing', () => {
    const loads = [load(0, 100, { ok: false, filled: false }), load(300, 400, { filled: false }), load(600, 700)];
    expect(rebuildEpisodes([...loads, load(1700, 1800)]).map((episode) => episode.loads)).toEqual([3, 1]);
  });

  test('a load that had to wait for its turn belongs to the rebuild in which it was wanted', () => {
    const late = (wantedAtMs: number) => load(150, 250, { wantedAtMs });
    expect(rebuildEpisodes([load(0, 100), late(90)]).map((one) => one.loads)).toEqual([2]);
    expect(rebuildEpisodes([load(0, 100), late(149)]).map((one) => one.loads)).toEqual([1, 1]);
  });

  test('a later load that ends first ends the rebuild', () => {
    expect(rebuildEpisodes([load(0, 100), load(10, 20), load(50, 150)]).map((one) => one.loads)).toEqual([2, 1]);
  });
});

describe('expiriesIn', () => {
  const at = (evidence: ReturnType<typeof buildEvidence>, name: string) =>
    expiriesIn(
      evidence,
      phasesOf(evidence).find((phase) => phase.name === name)!,
    );

  test('whole rebuilds of the hot key count, other keys and bypass loads do not', () => {
    const evidence = buildEvidence({
      loads: [
        { atMs: 1000, toMs: 1050 },
        { atMs: 1020, toMs: 1070 },
        { atMs: 2000, toMs: 2050 },
        { atMs: 2001, toMs: 2051, cause: 'bypass' },
        { key: 'product:7', atMs: 1500, toMs: 1550 },
        { key: 'page:10', atMs: 1600, toMs: 1650 },
        { atMs: 9990, toMs: 10_040 },
      ],
    });
    // The last one is cut by the end of the run.
    expect(at(evidence, 'run')).toEqual({ loads: 3, expiries: 2, loadsPerExpiry: 1.5 });
  });

  test('a rebuild that may have begun before the recorded part is left out', () => {
    const evidence = buildEvidence({
      loads: [
        { atMs: 40, toMs: 90 },
        { atMs: 1000, toMs: 1050 },
      ],
    });
    expect(at(evidence, 'run')).toEqual({ loads: 1, expiries: 1, loadsPerExpiry: 1 });
  });

  test('time under fault, rebuilds it cuts, and the first one after it are left out', () => {
    const evidence = buildEvidence({
      faults: [{ atMs: 4000, toMs: 6000 }],
      requests: steady(0, 10_000, 10, { latencyMs: 2 }),
      loads: [
        { atMs: 1000, toMs: 1050 },
        { atMs: 2000, toMs: 2050 },
        { atMs: 2010, toMs: 2060 },
        { atMs: 3990, toMs: 4040 },
        { atMs: 5000, toMs: 5050 },
        { atMs: 6001, toMs: 6051 },
        { atMs: 6002, toMs: 6052 },
        { atMs: 6003, toMs: 6053 },
        { atMs: 7500, toMs: 7550 },
      ],
    });
    expect(at(evidence, 'before')).toEqual({ loads: 3, expiries: 2, loadsPerExpiry: 1.5 });
    expect(at(evidence, 'during')).toEqual({ loads: 1, expiries: 1, loadsPerExpiry: 1 });
    expect(at(evidence, 'after')).toEqual({ loads: 1, expiries: 1, loadsPerExpiry: 1 });
    expect(at(evidence, 'run')).toEqual({ loads: 4, expiries: 3, loadsPerExpiry: 4 / 3 });
  });

  test('the whole run begins again where the system has recovered, and not before', () => {
    const init = {
      durationMs: 20_000,
      faults: [{ atMs: 4000, toMs: 6000 }],
      loads: [1000, 2000, 6001, 7000, 7010, 12_000, 13_000, 13_010].map((atMs) => ({ atMs, toMs: atMs + 50 })),
    };
    const before = steady(0, 4000, 10, { latencyMs: 2 });
    const slowUntil = (toMs: number) => [
      ...before,
      ...steady(4000, toMs, 10, { latencyMs: 400 }),
      ...steady(toMs, 20_000, 10, { latencyMs: 2 }),
    ];
    const back = buildEvidence({ ...init, requests: slowUntil(9000) });
    // Before: 1 and 1. After 9 s: the first one is left out, then 2.
    expect(at(back, 'run')).toEqual({ loads: 4, expiries: 3, loadsPerExpiry: 4 / 3 });
    expect(at(back, 'after')).toEqual({ loads: 5, expiries: 3, loadsPerExpiry: 5 / 3 });
    const never = buildEvidence({ ...init, requests: slowUntil(20_000) });
    expect(at(never, 'run')).toEqual({ loads: 2, expiries: 2, loadsPerExpiry: 1 });
  });

  test('nothing is said without a hot key, without loads, or where nothing was ever filled', () => {
    const loads = [{ atMs: 1000, toMs: 1050 }];
    expect(at(buildEvidence({ loads, plan: { hotKey: null } }), 'run')).toBeNull();
    expect(at(buildEvidence({}), 'run')).toBeNull();
    expect(at(buildEvidence({ loads: [{ atMs: 1000, toMs: 1050, filled: false }] }), 'run')).toBeNull();
  });
});

/**
 * Cache-aside in virtual time: Poisson reads of one key, a store that is a round trip away, loads that take δ. Every
 * defence is a rule that says who loads.
 */
interface Rules {
  ratePerSec: number;
  recomputeMs: number;
  ttlMs: number;
  instances: number;
  /** xfetch's β; null for none. */
  beta: number | null;
  /** Loads at once: without bound, one per instance, one in all. */
  coordination: 'none' | 'single-flight' | 'lock';
}
const ROUND_TRIP_MS = 0.4;

function simulateLoads(rules: Rules, expiries: number, random: Random): LoadEvent[] {
  const loads: LoadEvent[] = [];
  const fills: { atMs: number; expiresAtMs: number }[] = [];
  const busyUntilMs = new Array<number>(rules.instances).fill(-1);
  const durationMs = expiries * (rules.ttlMs + rules.recomputeMs);
  let expiresAtMs = 0;
  for (let nowMs = 0; nowMs < durationMs; nowMs += (-Math.log(1 - random.next()) * 1000) / rules.ratePerSec) {
    while (fills[0] && fills[0].atMs <= nowMs) expiresAtMs = fills.shift()!.expiresAtMs;
    const instance = Math.floor(random.next() * rules.instances);
    const early = rules.beta === null ? 0 : -rules.recomputeMs * rules.beta * Math.log(1 - random.next());
    if (nowMs + early < expiresAtMs) continue;
    const group = rules.coordination === 'lock' ? 0 : instance;
    if (rules.coordination !== 'none' && busyUntilMs[group]! > nowMs) continue;
    const startedAtMs = nowMs + ROUND_TRIP_MS;
    const endedAtMs = startedAtMs + rules.recomputeMs;
    const filledAtMs = endedAtMs + ROUND_TRIP_MS;
    busyUntilMs[group] = filledAtMs;
    fills.push({ atMs: filledAtMs, expiresAtMs: filledAtMs + rules.ttlMs });
    loads.push(load(startedAtMs, endedAtMs));
  }
  return loads;
}

describe('loads per expiry come out as the formulas say', () => {
  const base: Rules = {
    ratePerSec: 300,
    recomputeMs: 100,
    ttlMs: 1000,
    instances: 2,
    beta: null,
    coordination: 'none',
  };
  const lambdaDelta = 30;
  test.each([
    ['cache-aside: 1 + λδ', base, 1 + lambdaDelta],
    ['cache-aside, few readers: 1 + λδ', { ...base, ratePerSec: 20 }, 3],
    ['cache-aside, long loads: 1 + λδ', { ...base, recomputeMs: 400 }, 121],
    ['single-flight, 2 instances', { ...base, coordination: 'single-flight' }, 1 + (1 - Math.exp(-lambdaDelta / 2))],
    [
      'single-flight, 4 instances, few readers',
      { ...base, ratePerSec: 20, instances: 4, coordination: 'single-flight' },
      1 + 3 * (1 - Math.exp(-2 / 4)),
    ],
    ['lock: 1', { ...base, coordination: 'lock' }, 1],
    ['xfetch, β = 1: e', { ...base, ratePerSec: 1000, ttlMs: 5000, beta: 1 }, Math.E],
    ['xfetch, β = 0.5: e²', { ...base, ratePerSec: 1000, ttlMs: 5000, beta: 0.5 }, Math.exp(2)],
    ['xfetch, β = 2: √e', { ...base, ratePerSec: 1000, ttlMs: 8000, beta: 2 }, Math.exp(0.5)],
  ] as [string, Rules, number][])('%s', (name, rules, predicted) => {
    const expiries = 300;
    const episodes = rebuildEpisodes(simulateLoads(rules, expiries, seededRandom(11, name)));
    // The first one begins with an empty store, the last one may be cut.
    const whole = episodes.slice(1, -1);
    const measured = whole.reduce((sum, episode) => sum + episode.loads, 0) / whole.length;
    expect(whole.length).toBeGreaterThan(expiries * 0.7);
    // 4 % for the round trips, which the formulas leave out. Loads of xfetch are geometrically distributed besides,
    // so that their mean has the relative standard error √((m − 1) / (m n)).
    const chance = rules.beta === null ? 0 : 3 * Math.sqrt((predicted - 1) / (predicted * whole.length));
    expect(Math.abs(measured / predicted - 1)).toBeLessThan(0.04 + chance);
  });
});
