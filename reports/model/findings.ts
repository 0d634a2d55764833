/**
 * What the charts of one run show, in words. Each caption is made from the numbers it stands over, so that it can
 * not say more than they do; where a number is missing, the caption says that.
 */
import type { RequestOutcome } from '../../harness/contract/operation.ts';
import type { RunResult } from '../../harness/contract/result.ts';
import { bytes, list, milliseconds, number, plural, withUnit } from './format.ts';
import { hasFault, loadsPerExpiry, valueOf } from './measures.ts';
import { peakOf, seriesById } from './timeline.ts';
import type { Timeline } from './timeline.ts';

/** Error classes as a person names them. */
export const OUTCOME_NAMES: Record<RequestOutcome, string> = {
  ok: 'answered',
  rejected: 'rejected',
  shed: 'shed',
  timeout: 'time-outs',
  reset: 'resets',
  refused: 'refused',
  'client-error': '4xx answers',
  'server-error': '5xx answers',
  'wrong-answer': 'wrong answers',
};

export function rateFinding(run: RunResult, timeline: Timeline): string {
  const offered = valueOf(run, 'run', 'rate.offered');
  const achieved = valueOf(run, 'run', 'rate.achieved');
  const dropped = run.slots.dropped.reduce((a, b) => a + b, 0);
  const parts: string[] = [];
  if (offered !== null && achieved !== null)
    parts.push(
      Math.abs(offered - achieved) <= offered * 0.005
        ? `${withUnit(offered, '/s')} offered and sent`
        : `${withUnit(offered, '/s')} offered, ${withUnit(achieved, '/s')} sent`,
    );
  const low = Math.min(...timeline.answered.map((v, i) => (timeline.offered[i]! > 0 ? v / timeline.offered[i]! : 1)));
  if (timeline.errors.length > 0 && low < 0.95)
    parts.push(
      `at the worst moment ${low < 0.005 ? 'none' : `${number(Math.round(low * 100))} %`} of them were answered`,
    );
  parts.push(dropped === 0 ? 'no arrival was dropped' : `${plural(dropped, 'arrival was', 'arrivals were')} dropped`);
  return parts.join('; ');
}

export function databaseFinding(run: RunResult): string {
  const loads = loadsPerExpiry(run);
  const parts: string[] = [];
  if (loads.measured !== null)
    parts.push(
      loads.measured <= 1.05
        ? 'each expiry of the hot key costs one load'
        : `each expiry of the hot key costs ${number(loads.measured)} loads where one would do`,
    );
  const peak = (phase: 'run' | 'before' | 'during' | 'after'): string =>
    withUnit(valueOf(run, phase, 'db.peakRate'), '/s');
  if (hasFault(run))
    parts.push(`at most ${peak('before')} before the fault, ${peak('during')} during it, ${peak('after')} after`);
  else if (valueOf(run, 'run', 'db.peakRate') !== null) parts.push(`at most ${peak('run')}`);
  return parts.join('; ') || 'no measurement of the database';
}

export function activeFinding(run: RunResult): string {
  const active = seriesById(run, 'db.active');
  const waiting = seriesById(run, 'db.waiting');
  const parts: string[] = [];
  const peak = active && peakOf(active);
  if (peak) parts.push(`at most ${number(peak.value)} at once`);
  const queue = waiting && peakOf(waiting);
  if (queue) parts.push(queue.value === 0 ? 'none had to wait' : `up to ${number(queue.value)} waited`);
  return parts.join('; ') || 'no measurement';
}

export function latencyFinding(run: RunResult): string {
  if (!hasFault(run))
    return `p99 is ${milliseconds(valueOf(run, 'run', 'latency.p99'))}, counted from the intended send`;
  const [before, inside, after] = (['before', 'during', 'after'] as const).map((phase) =>
    milliseconds(valueOf(run, phase, 'latency.p99')),
  );
  return `p99 is ${before} before the fault, ${inside} during it, ${after} after; counted from the intended send`;
}

export function hitFinding(run: RunResult): string {
  const of = (phase: 'run' | 'before' | 'during' | 'after'): string =>
    withUnit(valueOf(run, phase, 'cache.hitRatio'), '%');
  if (!hasFault(run)) return `${of('run')} of reads were hits`;
  return `${of('before')} before the fault, ${of('during')} during it, ${of('after')} after`;
}

export function errorsFinding(run: RunResult, timeline: Timeline): string {
  const parts = timeline.errors.map((e) => `${number(e.total)} ${OUTCOME_NAMES[e.outcome]}`);
  if (timeline.shed.total > 0) parts.push(`${number(timeline.shed.total)} shed`);
  if (parts.length === 0) return 'none';
  const inside = run.phases.find((p) => p.name === 'during');
  const spread = timeline.errors.flatMap((e) => e.perSec.map((v, i) => (v > 0 ? timeline.tMs[i]! : null)));
  const times = spread.filter((t): t is number => t !== null);
  const all = inside && times.length > 0 && times.every((t) => t >= inside.fromMs && t < inside.toMs);
  return `${list(parts)}${all ? ', all during the fault' : ''}`;
}

export function redisFinding(run: RunResult): string {
  const perRequest = valueOf(run, 'run', 'redis.opsPerRequest');
  const line = seriesById(run, 'redis.opsPerSec');
  const gap = line?.values.some((v) => v === null) ?? false;
  const parts: string[] = [];
  if (perRequest !== null) parts.push(`${number(perRequest)} per request`);
  if (gap) parts.push('where the line is broken, Redis did not answer');
  return parts.join('; ') || 'commands that Redis handled';
}

export function memoryFinding(run: RunResult): string {
  const line = seriesById(run, 'redis.memoryBytes');
  const peak = line && peakOf(line);
  return peak ? `at most ${bytes(peak.value)}` : 'no measurement';
}

/** One sentence on how far measured and predicted loads per expiry are apart. */
export function predictionSentence(run: RunResult): string {
  const { measured, predicted, deviation, deviates } = loadsPerExpiry(run);
  if (measured === null && predicted === null) return 'Loads per expiry were neither measured nor predicted.';
  if (measured === null) return `${number(predicted)} loads per expiry were predicted; how many there were is unknown.`;
  if (predicted === null || deviation === null)
    return `${number(measured)} loads per expiry; this defence makes no prediction here.`;
  const percent = `${number(Math.abs(deviation) * 100)} %`;
  if (!deviates)
    return `${number(measured)} loads per expiry; the formula predicts ${number(predicted)}, within 15 % of what was seen.`;
  return `${number(measured)} loads per expiry; the formula predicts ${number(predicted)}: ${percent} ${deviation > 0 ? 'more' : 'fewer'} than predicted.`;
}
