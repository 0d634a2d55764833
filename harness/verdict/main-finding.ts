/**
 * What was found, in one clause that needs no limit: what the defence cost the database, how latency fared, whether
 * the sale came out even, whether the system came back.
 */
import type { RunResult } from '../contract/result.ts';
import type { Evidence } from '../contract/verdict.ts';
import type { MeasureValues } from './thresholds.ts';
import { formatValue, listed } from './wording.ts';

interface FindingMaterial {
  evidence: Evidence;
  values: MeasureValues;
  recovery: RunResult['recovery'];
}

/**
 * For example "xfetch: 2.7 loads per expiry (predicted 2.7), p99 3 ms before, 240 ms during redis-down, recovered
 * after 0.4 s". Without a closing full stop.
 */
export function describeFinding({ evidence, values, recovery }: FindingMaterial): string {
  const parts = [
    saleClause(evidence, values),
    studyClause(evidence, values),
    loadsClause(values),
    latencyClause(evidence, values),
    errorClause(values),
    recoveryClause(recovery),
  ].filter((part) => part !== null);
  const subject = evidence.plan.stock ? `${evidence.plan.stock.id} (${evidence.plan.defence})` : evidence.plan.defence;
  return `${subject}: ${parts.length > 0 ? parts.join(', ') : 'no request was recorded'}`;
}

function saleClause(evidence: Evidence, values: MeasureValues): string | null {
  const sold = values['run']?.['stock.sold'] ?? null;
  if (evidence.plan.stock === null || sold === null) return null;
  const oversold = values['run']?.['stock.oversold'] ?? 0;
  const lost = values['run']?.['stock.lost'] ?? 0;
  const flaws = [oversold > 0 ? `${oversold} too many` : null, lost > 0 ? `${lost} confirmed orders lost` : null];
  const words = flaws.filter((flaw) => flaw !== null);
  return `${sold} units sold, ${words.length > 0 ? listed(words) : 'none oversold or lost'}`;
}

/** What the profile was out to measure. */
function studyClause(evidence: Evidence, values: MeasureValues): string | null {
  const { study } = evidence.plan;
  const run = values['run'] ?? {};
  if (study?.kind === 'breakpoint') {
    const held = run['rate.held'] ?? null;
    const brokeAt = run['rate.brokeAt'] ?? null;
    if (held === null) return null;
    const limit = `p99 ≤ ${formatValue(study.p99Ms, 'ms')}`;
    return brokeAt === null
      ? `held ${Math.round(held)}/s to the end of the ramp (${limit})`
      : `held ${Math.round(held)}/s and broke at ${Math.round(brokeAt)}/s (${limit})`;
  }
  const growths = [
    ['drift.serviceMemory', 'service memory', 'bytes'],
    ['drift.redisMemory', 'Redis memory', 'bytes'],
    ['drift.p99', 'p99', 'ms'],
  ] as const;
  const told = growths.flatMap(([id, name, unit]) => {
    const growth = run[id] ?? null;
    return growth === null ? [] : [`${name} ${growth < 0 ? '−' : '+'}${formatValue(Math.abs(growth), unit)}`];
  });
  return told.length === 0 ? null : `${told.join(', ')} per hour`;
}

function loadsClause(values: MeasureValues): string | null {
  const run = values['run'] ?? {};
  const measured = run['db.loadsPerExpiry'] ?? null;
  const predicted = run['db.loadsPerExpiryPredicted'] ?? null;
  if (measured !== null)
    return (
      `${formatShort(measured)} ${measured === 1 ? 'load' : 'loads'} per expiry` +
      (predicted === null ? '' : ` (predicted ${formatShort(predicted)})`)
    );
  const perRequest = run['db.queriesPerRequest'] ?? null;
  return perRequest === null ? null : `${formatShort(perRequest)} database queries per request`;
}

/** Two digits are what a count of loads per expiry can bear. */
function formatShort(value: number): string {
  return String(value >= 10 ? Math.round(value) : Number(value.toPrecision(2)));
}

function latencyClause(evidence: Evidence, values: MeasureValues): string | null {
  // Short phases have no p99: then the worst request of each speaks.
  for (const { id, name } of [
    { id: 'latency.p99', name: 'p99' },
    { id: 'latency.max', name: 'slowest request' },
  ]) {
    const at = (phase: string): string | null => {
      const value = values[phase]?.[id] ?? null;
      return value === null ? null : formatValue(Number(value.toPrecision(2)), 'ms');
    };
    const run = at('run');
    if (run === null) continue;
    const before = at('before');
    const faults = listed([...new Set(evidence.faults.map((fault) => fault.fault))]);
    const during = at('during');
    if (before !== null && during !== null) return `${name} ${before} before, ${during} during ${faults}`;
    const after = at('after');
    if (before !== null && after !== null) return `${name} ${before} before, ${after} after ${faults}`;
    return `${name} ${run}`;
  }
  return null;
}

function errorClause(values: MeasureValues): string | null {
  const errors = values['run']?.['errors.rate'] ?? 0;
  return errors > 0 ? `${formatValue(errors, '%')} errors` : null;
}

function recoveryClause(recovery: RunResult['recovery']): string | null {
  if (recovery.some((one) => one.status === 'never')) return 'never recovered';
  const times = recovery.filter((one) => one.status === 'recovered').map((one) => one.recoverySec ?? 0);
  if (times.length > 0) {
    const worst = Math.max(...times);
    return worst === 0 ? 'recovered at once' : `recovered after ${formatValue(worst, 's')}`;
  }
  return recovery.length > 0 && recovery.every((one) => one.status === 'unaffected') ? 'unaffected by it' : null;
}
