/** The plan in words: what would run, where each setting came from, and what the defence's formula predicts. */
import type { RunPlan } from '../contract/plan.ts';
import { formatDuration } from '../kit/units.ts';
import { OWN_STORE } from './own-target-fit.ts';

/** Several lines of plain text. */
export function explainPlan(plan: RunPlan): string {
  const seconds = plan.load.segments.reduce((sum, s) => sum + s.durationMs, 0);
  const own = plan.store.id === OWN_STORE.id;
  const lines = [
    `${plan.profile.title} (${plan.profile.id})`,
    wrap(plan.profile.prose, '  '),
    '',
    ...(own
      ? [`defence      its own: cache and stampede defence are the business of ${plan.target.title}`]
      : [
          `defence      ${plan.defence}`,
          ...plan.stack.flatMap((d) => parameterLines(d.id, d.parameters)),
          `store        ${plan.store.id}`,
          ...parameterLines(plan.store.id, plan.store.parameters),
        ]),
    ...(plan.workload
      ? [`workload     ${plan.workload.id}`, ...parameterLines(plan.workload.id, plan.workload.parameters)]
      : []),
    ...(plan.write ? [`writes       ${plan.write.id}`, ...parameterLines(plan.write.id, plan.write.parameters)] : []),
    ...(plan.stock ? [`stock        ${plan.stock.id}`, ...parameterLines(plan.stock.id, plan.stock.parameters)] : []),
    ...(plan.perUserPerSec === undefined
      ? []
      : [`             one user may try to buy ${plan.perUserPerSec} times a second`]),
    ...(plan.edge ? [`edge         ${plan.edge.id}`, ...parameterLines('edge', plan.edge.parameters)] : []),
    ...(plan.readReplica
      ? [
          `database     pages are read from a replica that applies commits ${plan.readReplica.applyDelayMs} ms later, writes go to the primary`,
        ]
      : []),
    `target       ${plan.target.title}, ${plan.instances} instance${plan.instances === 1 ? '' : 's'}`,
    `environment  ${plan.environment}${plan.environment === 'none' ? ': no Redis and no Postgres of ours, what would be read from them is unknown' : ''}`,
    `data         ${own ? 'told to the service where its description names it: ' : ''}${plan.dataset.products} products with ${plan.dataset.reviewsPerProduct} reviews; a page costs ${
      plan.dataset.cost.kind === 'wait' ? `${plan.dataset.cost.waitMs} ms of waiting` : 'real work'
    } in the database${plan.dataset.payloadBytes === undefined ? '' : ` and has ${plan.dataset.payloadBytes} bytes`}; TTL ${formatDuration(plan.ttlMs)}`,
    ...Object.entries(plan.redisConfig ?? {}).map(
      ([name, value]) => `redis        ${name} = ${value}, put back afterwards`,
    ),
    ...(plan.load.replay ? [`replay       ${plan.load.replay.file} at ${plan.load.replay.speed} times its speed`] : []),
    ...(plan.study ? [`looks for    ${explainStudy(plan.study)}`] : []),
    `load         ${plan.load.engine}, ${plan.load.arrivals} arrivals, seed ${plan.seed}, ${formatDuration(seconds)} in all`,
    ...plan.load.segments.map(
      (s) =>
        `             ${s.name.padEnd(10)} ${formatDuration(s.durationMs).padStart(6)}  ${
          s.fromRatePerSec === s.toRatePerSec ? `${s.fromRatePerSec}/s` : `${s.fromRatePerSec} to ${s.toRatePerSec}/s`
        }${s.recorded ? '' : '  (not recorded)'}`,
    ),
    ...plan.load.operations.map(
      (o) => `             ${o.operation} × ${o.weight}: ${o.request.method} ${o.request.path}`,
    ),
    ...(plan.faults.length === 0
      ? ['faults       none']
      : plan.faults.map(
          (f, i) =>
            `${i === 0 ? 'faults       ' : '             '}${f.fault} at ${formatDuration(f.atMs)}${f.durationMs ? ` for ${formatDuration(f.durationMs)}` : ''}`,
        )),
    ...(own && plan.dataset.preloadKeys > 0
      ? [`cache        filled before traffic by reading each of ${plan.dataset.preloadKeys} keys once`]
      : []),
    `checks       ${plan.checks.join(', ') || 'none'}`,
    ...(own && plan.load.operations.every(({ request }) => request.identity === undefined)
      ? ['             not whether an answer is of the key that was asked for: no request says so (identity)']
      : []),
    `thresholds   ${plan.thresholds.join(', ') || 'none'}`,
    plan.prediction !== null
      ? `prediction   ${plan.prediction.loadsPerExpiry.toPrecision(3)} database loads per expiry of the hot key (${plan.prediction.by}: λ = ${plan.prediction.ratePerSec}/s, δ = ${plan.prediction.recomputeSec} s)`
      : 'prediction   none: no formula describes this stack on this traffic',
    '',
    'settings that are not the default:',
    ...settingLines(plan),
  ];
  return lines.join('\n');
}

function explainStudy(study: NonNullable<RunPlan['study']>): string {
  return study.kind === 'breakpoint'
    ? `the rate at which two windows of ${formatDuration(study.windowMs)} in a row have a p99 above ${study.p99Ms} ms or more than ${100 * study.maxFailedShare} % failed`
    : `what grows per hour, without the first ${100 * study.settleShare} % of the run`;
}

function parameterLines(owner: string, parameters: Record<string, unknown>): string[] {
  return Object.entries(parameters).map(([name, value]) => `             ${owner}.${name} = ${String(value)}`);
}

function settingLines(plan: RunPlan): string[] {
  const changed = Object.entries(plan.provenance).filter(([, from]) => from !== 'default');
  return changed.length === 0 ? ['  none'] : changed.map(([name, from]) => `  ${name} (${from})`);
}

function wrap(text: string, indent: string): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line && line.length + word.length > 96) {
      lines.push(indent + line);
      line = '';
    }
    line += (line ? ' ' : '') + word;
  }
  return [...lines, indent + line].join('\n');
}
