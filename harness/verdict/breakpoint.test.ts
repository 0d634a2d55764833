import { expect, test } from 'vitest';
import type { RequestOutcome } from '../contract/operation.ts';
import type { RunPlan } from '../contract/plan.ts';
import { findBreakpoint } from './breakpoint.ts';
import { buildEvidence, steady, type TestRequest } from './fixtures/evidence.ts';

const RAMP: Partial<RunPlan> = {
  study: { kind: 'breakpoint', windowMs: 1000, p99Ms: 100, maxFailedShare: 0.01 },
};

/** Ten seconds of a ramp from 0 to 1000/s: the window of second s has its middle at 100 s + 50. */
function ramp(secondsOf: (second: number) => { latencyMs: number; outcome?: RequestOutcome }) {
  const requests: TestRequest[] = Array.from({ length: 10 }, (_, s) =>
    steady(s * 1000, (s + 1) * 1000, 5, secondsOf(s)),
  ).flat();
  const evidence = buildEvidence({ durationMs: 10_000, requests, plan: RAMP });
  const segment = { name: 'ramp', durationMs: 10_000, fromRatePerSec: 0, toRatePerSec: 1000, recorded: true };
  return { ...evidence, plan: { ...evidence.plan, load: { ...evidence.plan.load, segments: [segment] } } };
}

test('the rate is held up to the last good window and broken in the first of two bad ones', () => {
  const found = findBreakpoint(ramp((s) => ({ latencyMs: s < 6 ? 20 : 400 })));
  expect(found).toEqual({ heldPerSec: 550, brokeAtPerSec: 650 });
});

test('one slow window alone is not the end', () => {
  const found = findBreakpoint(ramp((s) => ({ latencyMs: s === 3 || s >= 8 ? 400 : 20 })));
  expect(found).toEqual({ heldPerSec: 750, brokeAtPerSec: 850 });
});

test('errors and shed requests break it as slowness does, however fast they are; refusals by the business do not', () => {
  const failing = (outcome: RequestOutcome) =>
    findBreakpoint(ramp((s) => ({ latencyMs: 1, outcome: s < 2 ? 'ok' : outcome })));
  expect(failing('shed')?.brokeAtPerSec).toBe(250);
  expect(failing('server-error')?.brokeAtPerSec).toBe(250);
  expect(failing('rejected')).toEqual({ heldPerSec: 950, brokeAtPerSec: null });
});

test('requests that could not be sent have failed', () => {
  const evidence = ramp(() => ({ latencyMs: 20 }));
  evidence.load.slots.dropped.fill(1, 40);
  expect(findBreakpoint(evidence)).toEqual({ heldPerSec: 350, brokeAtPerSec: 450 });
});

test('what breaks at once has held nothing; other profiles look for no breakpoint', () => {
  expect(findBreakpoint(ramp(() => ({ latencyMs: 400 })))).toEqual({ heldPerSec: 0, brokeAtPerSec: 50 });
  expect(findBreakpoint(buildEvidence({ requests: steady(0, 1000, 10, { latencyMs: 1 }) }))).toBeNull();
});
