/**
 * Refuses a load that makes no sense before any process is started. The plan has checked it already; this guards the
 * target and the machine when the engine is used without a plan.
 */
import { HarnessError } from '../contract/errors.ts';
import type { LoadSpec } from '../contract/load.ts';
import { HIGHEST_US } from '../kit/histogram.ts';
import { RequestSequence } from './request-sequence.ts';

const MAX_RATE_PER_SEC = 1_000_000;
const MAX_CONNECTIONS = 10_000;
const MAX_PROCESSES = 64;

/** @throws HarnessError BAD_PLAN or, for key streams and weights, BAD_PARAMETER */
export function checkSpec(spec: LoadSpec): void {
  whole('seed', spec.seed, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  whole('timeoutMs', spec.timeoutMs, 1, HIGHEST_US / 1000);
  whole('maxInFlight', spec.maxInFlight, 1, 10_000_000);
  whole('connectionsPerInstance', spec.connectionsPerInstance, 1, MAX_CONNECTIONS);
  whole('generatorProcesses', spec.generatorProcesses, 1, MAX_PROCESSES);
  whole('users', spec.users, 1, Number.MAX_SAFE_INTEGER);
  if (spec.operations.length === 0) throw refused('no operations to send');
  if (!spec.segments.some((segment) => segment.recorded)) throw refused('no segment is recorded');
  for (const { name, durationMs, fromRatePerSec, toRatePerSec } of spec.segments) {
    if (!(durationMs > 0 && Number.isFinite(durationMs))) throw refused(`segment ${name} lasts ${durationMs} ms`);
    for (const rate of [fromRatePerSec, toRatePerSec])
      if (!(rate >= 0 && rate <= MAX_RATE_PER_SEC))
        throw refused(`segment ${name} has a rate of ${rate}/s`, `rates go from 0 to ${MAX_RATE_PER_SEC}/s`);
  }
  const offers = spec.segments.some((segment) => segment.recorded && segment.fromRatePerSec + segment.toRatePerSec > 0);
  if (spec.engine === 'open-loop' && !offers) throw refused('the rate is 0/s in every recorded segment');
  if (spec.replay) {
    if (spec.engine !== 'open-loop') throw refused('a trace is replayed at its own times', 'use --engine open-loop');
    whole('replay.keys', spec.replay.keys, 1, Number.MAX_SAFE_INTEGER);
    whole('replay.maxRequests', spec.replay.maxRequests, 1, 100_000_000);
    if (!(spec.replay.speed > 0 && spec.replay.speed <= 1e6)) throw refused(`replay.speed is ${spec.replay.speed}`);
  }
  // Key streams and weights complain when they are made; none is drawn from before the load starts.
  void new RequestSequence(spec, 0, 1, spec.engine === 'open-loop');
}

/** @throws HarnessError BAD_PLAN where there is nothing to send to, or an address that is none */
export function checkBaseUrls(baseUrls: readonly string[]): void {
  if (baseUrls.length === 0) throw refused('no instance to send to');
  for (const url of baseUrls)
    if (!/^https?:$/.test(URL.parse(url)?.protocol ?? '')) throw refused(`'${url}' is not an http or https URL`);
}

function whole(name: string, value: number, least: number, most: number): void {
  if (!(Number.isSafeInteger(value) && value >= least && value <= most))
    throw refused(`${name} is ${value}`, `a whole number from ${least} to ${most}`);
}

function refused(message: string, hint?: string): HarnessError {
  return new HarnessError('BAD_PLAN', `load: ${message}`, { hint });
}
