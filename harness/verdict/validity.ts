/**
 * Whether the measuring itself was sound. A generator that could not keep up, a fault that never acted or a probe
 * that went blind makes a run invalid: neither pass nor fail, and the findings say which it was.
 */
import type { ArrivalSegment } from '../contract/load.ts';
import type { ValidityResult } from '../contract/result.ts';
import type { Evidence, PhaseBounds } from '../contract/verdict.ts';
import { injectedFaults, phasesOf } from './phases.ts';
import { probeFindings } from './probe-validity.ts';
import { secondsOf, slotBounds, sumSlots } from './sources.ts';
import { formatValue } from './wording.ts';

type Finding = ValidityResult['findings'][number];

/** Poisson counts stray by √n; beyond 4 √n (1 in 16,000) it is no longer chance. */
const POISSON_SIGMAS = 4;
/** Constant arrivals may lie on either side of a stretch's two edges. */
const CONSTANT_SLACK = 2;

/** All findings, good ones too, since a report shows what was looked at. */
export function judgeValidity(evidence: Evidence): ValidityResult {
  const findings = [
    interruptedFinding(evidence),
    droppedFinding(evidence),
    ...rateFindings(evidence),
    lagFinding(evidence),
    cpuFinding(evidence),
    ...faultFindings(evidence),
    ...probeFindings(evidence),
  ].filter((finding) => finding !== null);
  return { valid: findings.every((finding) => finding.ok), findings };
}

function interruptedFinding(evidence: Evidence): Finding | null {
  if (!evidence.interrupted && !evidence.load.interrupted) return null;
  return { id: 'interrupted', ok: false, message: 'the run was interrupted before its plan ended' };
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

function droppedFinding(evidence: Evidence): Finding {
  const dropped = sum(evidence.load.slots.dropped);
  const offered = sum(evidence.load.slots.offered);
  const limit = evidence.plan.validity.maxDroppedShare;
  if (offered === 0) return { id: 'dropped', ok: false, message: 'no request was offered' };
  const share = dropped / offered;
  const text = `${dropped} of ${offered} arrivals dropped (${formatValue(100 * share, '%')})`;
  if (share <= limit) return { id: 'dropped', ok: true, message: text };
  const cap = evidence.plan.load.maxInFlight;
  const why = Math.max(...evidence.load.slots.maxInFlight) >= cap ? ` at the cap of ${cap} requests in flight` : '';
  return { id: 'dropped', ok: false, message: `${text}${why}, limit ${formatValue(100 * limit, '%')}` };
}

/** Sent against offered, and offered against the plan, over the run and each of its stretches. */
function rateFindings(evidence: Evidence): Finding[] {
  // Closed loop has no rate to miss, and an interrupted run has missed it anyway.
  if (evidence.plan.load.engine !== 'open-loop' || evidence.interrupted || evidence.load.interrupted) return [];
  const phases = phasesOf(evidence).map((phase) => ({ what: phraseFor(phase), bounds: phase }));
  const stretches = segmentsOf(evidence).map((bounds) => ({ what: `in segment '${bounds.segment.name}'`, bounds }));
  const all = stretches.length > 1 ? [...phases, ...stretches] : phases;
  const bad = all.flatMap(({ what, bounds }) => rateProblem(evidence, what, bounds));
  if (bad.length > 0) return bad.map((message) => ({ id: 'rate', ok: false, message }));
  const run = phases[0]!.bounds;
  const perSec = (field: 'offered' | 'sent'): string =>
    formatValue(sumSlots(evidence, run, field) / secondsOf(run), '/s');
  return [{ id: 'rate', ok: true, message: `offered ${perSec('offered')}, achieved ${perSec('sent')}` }];
}

function phraseFor(phase: PhaseBounds): string {
  const phrases = { run: 'over the run', before: 'before the fault', during: 'during the fault', after: 'afterwards' };
  return phrases[phase.name];
}

function rateProblem(evidence: Evidence, what: string, bounds: PhaseBounds): string[] {
  const offered = sumSlots(evidence, bounds, 'offered');
  const sent = sumSlots(evidence, bounds, 'sent');
  const expected = expectedArrivals(evidence, bounds);
  const { maxRateError } = evidence.plan.validity;
  const constant = evidence.plan.load.arrivals === 'constant';
  // In both comparisons an edge of the stretch cuts a slot, and splits its counts only about right.
  const edge = 1 + (expected / secondsOf(bounds)) * (evidence.load.slots.slotMs / 1000) * 0.1;
  const chance = constant ? CONSTANT_SLACK : POISSON_SIGMAS * Math.sqrt(expected);
  const problems: string[] = [];
  const limit = formatValue(100 * maxRateError, '%');
  if (Math.abs(sent - offered) > maxRateError * offered + edge)
    problems.push(
      `${Math.round(sent)} of ${Math.round(offered)} offered requests were sent ${what}, ` +
        `${formatValue(100 * Math.abs(1 - sent / offered), '%')} off, limit ${limit}`,
    );
  // A recorded trace has no rate that its segments could tell: only its own times are kept to.
  if (!evidence.plan.load.replay && Math.abs(offered - expected) > maxRateError * expected + chance + edge)
    problems.push(
      `${Math.round(offered)} requests were offered ${what} where the plan asks for ${Math.round(expected)}, ` +
        `more than ${limit} off and more than chance explains`,
    );
  return problems;
}

/** Recorded segments one after the other, in ms from the start of the recorded part. */
function segmentsOf(evidence: Evidence): (PhaseBounds & { segment: ArrivalSegment })[] {
  let fromMs = evidence.load.slots.startedAtMs - evidence.measuredFromMs;
  return evidence.plan.load.segments
    .filter((segment) => segment.recorded)
    .map((segment) => {
      const bounds = { name: 'run' as const, fromMs, toMs: fromMs + segment.durationMs, segment };
      fromMs = bounds.toMs;
      return bounds;
    });
}

/** The plan's rate integrated over the part of a stretch that the slots cover. */
function expectedArrivals(evidence: Evidence, bounds: PhaseBounds): number {
  const lastMs = slotBounds(evidence, evidence.load.slots.offered.length - 1).toMs;
  let expected = 0;
  for (const { fromMs, toMs, segment } of segmentsOf(evidence)) {
    const from = Math.max(fromMs, bounds.fromMs);
    const to = Math.min(toMs, bounds.toMs, lastMs);
    if (to <= from) continue;
    const rateAt = (ms: number): number =>
      segment.fromRatePerSec + ((segment.toRatePerSec - segment.fromRatePerSec) * (ms - fromMs)) / segment.durationMs;
    expected += ((rateAt(from) + rateAt(to)) / 2) * ((to - from) / 1000);
  }
  return expected;
}

function lagFinding(evidence: Evidence): Finding | null {
  if (evidence.plan.load.engine !== 'open-loop') return null;
  const lagMs = evidence.load.generator.lagP99Us / 1000;
  const limitMs = evidence.plan.validity.maxLagP99Ms;
  const ok = lagMs <= limitMs;
  const text = `scheduling lag p99 ${formatValue(lagMs, 'ms')}`;
  return { id: 'lag', ok, message: ok ? text : `${text}, limit ${formatValue(limitMs, 'ms')}` };
}

function cpuFinding(evidence: Evidence): Finding {
  const { cpuShareMax } = evidence.load.generator;
  const limit = evidence.plan.validity.maxGeneratorCpuShare;
  const ok = cpuShareMax <= limit;
  const text = `generator CPU at most ${formatValue(100 * cpuShareMax, '%')} of a core`;
  return { id: 'generator-cpu', ok, message: ok ? text : `${text}, limit ${formatValue(100 * limit, '%')}` };
}

function faultFindings(evidence: Evidence): Finding[] {
  const injected = new Set(injectedFaults(evidence));
  const seen = evidence.faults.map((fault): Finding => {
    const id = `fault:${fault.fault}`;
    if (fault.error !== null) return { id, ok: false, message: `${fault.fault} failed: ${fault.error}` };
    if (!injected.has(fault)) return { id, ok: false, message: `${fault.fault} was planned and never injected` };
    const { active, evidence: words } = fault.confirmation;
    if (active) return { id, ok: true, message: `${fault.fault} confirmed active: ${words}` };
    return { id, ok: false, message: `${fault.fault} was never confirmed active: ${words}` };
  });
  const missing = evidence.plan.faults.length - evidence.faults.length;
  if (missing > 0)
    seen.push({ id: 'fault:missing', ok: false, message: `${missing} planned faults left no trace in the evidence` });
  return seen;
}
