/**
 * Whether the probes saw what they were to see. A probe that could not open or went blind makes the run invalid.
 * Being slow is another matter: an overloaded database answers late, and that is the finding, not a fault of the
 * measurement. Counters miss nothing between two samples, so what counts is how long a probe saw nothing at all.
 */
import type { ProbeEvidence } from '../contract/probe.ts';
import type { ValidityResult } from '../contract/result.ts';
import type { Evidence } from '../contract/verdict.ts';
import { injectedFaults } from './phases.ts';
import { totalOf } from './sources.ts';
import { formatValue } from './wording.ts';

type Finding = ValidityResult['findings'][number];

/** A gap this long hides a whole stampede; and at least four periods, or a slow probe would never be valid. */
const BLIND_MS = 1000;
const BLIND_PERIODS = 4;
/** A probe that loses more than it gets has another period than it says. */
const MAX_LOST_SHARE = 0.5;
/** After a fault a probe needs a moment to be connected again. */
const RECONNECT_MS = 1000;
/** Loads on their way at either end of the recorded part are in one count and not in the other. */
const LOADS_SLACK = { share: 0.05, count: 100 };

export function probeFindings(evidence: Evidence): Finding[] {
  const probes = evidence.probes.map((probe) => {
    const problem = problemOf(evidence, probe);
    const id = `probe:${probe.probe}`;
    if (problem !== null) return { id, ok: false, message: `probe ${probe.probe} ${problem}` };
    const lost = probe.lostSamples > 0 ? ` and lost ${probe.lostSamples}` : '';
    return { id, ok: true, message: `probe ${probe.probe} took ${probe.samples} samples${lost}` };
  });
  return [...probes, ...loadFindings(evidence)];
}

function problemOf(evidence: Evidence, probe: ProbeEvidence): string | null {
  if (probe.error !== null) return `failed: ${probe.error}`;
  if (probe.samples === 0) return 'took no sample';
  const all = probe.samples + probe.lostSamples;
  if (probe.lostSamples > MAX_LOST_SHARE * all) return `lost ${probe.lostSamples} of ${all} samples`;
  const blindMs = longestGapMs(evidence, probe);
  const limitMs = Math.max(BLIND_MS, BLIND_PERIODS * probe.everyMs);
  if (blindMs > limitMs) return `saw nothing for ${formatValue(blindMs, 'ms')}, limit ${formatValue(limitMs, 'ms')}`;
  return null;
}

/**
 * The longest time between two samples, and from the last one to the end, outside of faults: nobody can ask a server
 * that a fault has frozen. Samples without values count as samples: the probe saw that the other side was away.
 */
function longestGapMs(evidence: Evidence, probe: ProbeEvidence): number {
  const times = probe.series[0]?.tMs;
  if (times === undefined) return 0;
  const faults = injectedFaults(evidence).map((fault) => ({
    fromMs: fault.injectedAtMs - evidence.measuredFromMs,
    toMs: fault.healedAtMs - evidence.measuredFromMs + RECONNECT_MS,
  }));
  const bounds = [0, ...times, evidence.measuredToMs - evidence.measuredFromMs];
  let longest = 0;
  for (let i = 1; i < bounds.length; i++) {
    const fromMs = bounds[i - 1]!;
    const toMs = bounds[i]!;
    if (!faults.some((fault) => fromMs <= fault.toMs && toMs >= fault.fromMs))
      longest = Math.max(longest, toMs - fromMs);
  }
  return longest;
}

/** Loads are told one by one and counted as well: where the two differ, events were lost and figures are too low. */
function loadFindings(evidence: Evidence): Finding[] {
  const counted = totalOf(evidence, 'service.totalLoads');
  if (counted === null) return [];
  const told = evidence.loads.length;
  const missing = counted - told;
  if (missing <= LOADS_SLACK.share * counted + LOADS_SLACK.count) return [];
  return [{ id: 'loads', ok: false, message: `${Math.round(missing)} of ${counted} loads were counted but not told` }];
}
