/**
 * Does the generator do what it says? The open loop at rising Poisson rates against a server in another process that is
 * never the limit, and the closed loop side by side with wrk and stock autocannon, in turns, so that a busy machine slows
 * all three alike: against a trivial HTTP server, and against the least one, where the clients are the limit. A rate that
 * misses its goal is tried again, because a neighbour's burst is not the generator's fault; every attempt stands in the
 * rows, beside the lag that an empty loop has seen just before it.
 */
import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LoadEvidence, LoadSpec } from '../harness/contract/load.ts';
import { mergeEncoded } from '../harness/kit/histogram.ts';
import { openLoopEngine } from '../harness/load/open-loop.ts';
import { saturationEngine } from '../harness/load/saturation.ts';
import { machineLagP99Us } from './machine-lag.ts';
import { runAutocannon, runWrk } from './other-tools.ts';
import { thisMachine, type BenchResult } from './result.ts';
import { startServer } from './servers/start-server.ts';

const RATES_PER_SEC = [2000, 10_000, 20_000, 40_000];
/** Up to here, misses are misses; above, the rows are for information. */
const GOAL_RATE_PER_SEC = 20_000;
const MAX_LAG_P99_US = 1000;
const ATTEMPTS = 5;
const MEASURED_MS = 4000;
const ROUNDS = 3;
const ROUND_SEC = 3;
const CONNECTIONS = 64;
const QUIET_SHARE = 0.1;
const QUIET_WAIT_MS = 15_000;

interface OpenLoopRow extends Record<string, string | number | boolean> {
  ratePerSec: number;
  achievedShare: number;
  dropped: number;
  lagP99Us: number;
  machineLagP99Us: number;
}

export async function benchLoad(): Promise<BenchResult> {
  const result: BenchResult = {
    name: 'load',
    title: 'Load generation: open loop at a rate, and saturation beside wrk and autocannon',
    startedAt: new Date().toISOString(),
    machine: thisMachine(),
    rows: [],
    goals: [],
  };
  await using server = await startServer('trivial');
  await using least = await startServer('bare');
  for (const ratePerSec of RATES_PER_SEC) {
    let best: OpenLoopRow | null = null;
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const row = await openLoopRow(least.url, ratePerSec, attempt);
      result.rows.push(row);
      if (best === null || isBetter(row, best)) best = row;
      if (misses(row) === 0 || ratePerSec > GOAL_RATE_PER_SEC) break;
    }
    if (best !== null && ratePerSec <= GOAL_RATE_PER_SEC) judgeRate(result, best);
  }
  judgeSaturation(result, await compareSaturation(result, 'trivial server', server.url));
  // For information: no service answers so cheaply that its client would be the limit.
  await compareSaturation(result, 'least server', least.url);
  return result;
}

async function openLoopRow(url: string, ratePerSec: number, attempt: number): Promise<OpenLoopRow> {
  const background = await quietly();
  const machine = await machineLagP99Us();
  const load = await openLoopEngine.start(specOf(ratePerSec, MEASURED_MS), [url]);
  const evidence = await load.done;
  const { offered, sent, dropped, completed } = evidence.slots;
  const latency = mergeEncoded(evidence.histograms.filter(({ clock }) => clock === 'intended').map(({ hdr }) => hdr));
  return {
    what: 'open loop, Poisson',
    attempt,
    ratePerSec,
    offeredPerSec: Math.round((sum(offered) * 1000) / MEASURED_MS),
    achievedPerSec: Math.round((sum(completed) * 1000) / MEASURED_MS),
    achievedShare: round(sum(sent) / sum(offered), 4),
    dropped: sum(dropped),
    lagP50Us: evidence.generator.lagP50Us,
    lagP99Us: evidence.generator.lagP99Us,
    lagMaxUs: evidence.generator.lagMaxUs,
    machineLagP99Us: machine,
    latencyP50Us: latency.getValueAtPercentile(50),
    latencyP99Us: latency.getValueAtPercentile(99),
    generatorCpuShare: round(evidence.generator.cpuShareMean, 2),
    backgroundBusyShare: background,
  };
}

function meetsRate(row: OpenLoopRow): boolean {
  return row.dropped === 0 && Math.abs(row.achievedShare - 1) <= 0.005;
}

function misses(row: OpenLoopRow): number {
  return Number(!meetsRate(row)) + Number(row.lagP99Us >= MAX_LAG_P99_US);
}

function isBetter(row: OpenLoopRow, than: OpenLoopRow): boolean {
  return misses(row) === misses(than) ? row.lagP99Us < than.lagP99Us : misses(row) < misses(than);
}

function judgeRate(result: BenchResult, row: OpenLoopRow): void {
  result.goals.push(
    {
      goal: `${row.ratePerSec}/s: achieved within 0.5 %, nothing dropped`,
      measured: `${(row.achievedShare * 100).toFixed(2)} %, ${row.dropped} dropped`,
      met: meetsRate(row),
    },
    {
      goal: `${row.ratePerSec}/s: scheduling lag p99 below 1 ms`,
      measured: `${(row.lagP99Us / 1000).toFixed(3)} ms; an empty loop just before: ${(row.machineLagP99Us / 1000).toFixed(3)} ms`,
      met: row.lagP99Us < MAX_LAG_P99_US,
    },
  );
}

/** Requests per second of each tool, by round. */
interface Saturation {
  ours: number[];
  wrk: number[];
  stock: number[];
}

async function compareSaturation(result: BenchResult, against: string, url: string): Promise<Saturation> {
  const ours: number[] = [];
  const wrk: number[] = [];
  const stock: number[] = [];
  for (let turn = 1; turn <= ROUNDS; turn++) {
    const background = await quietly();
    const load = await saturationEngine.start(specOf(0, ROUND_SEC * 1000), [url]);
    ours.push(sum((await load.done).slots.completed) / ROUND_SEC);
    const reached = await runWrk(url, CONNECTIONS, ROUND_SEC);
    if (reached !== null) wrk.push(reached);
    const flags = ['-c', String(CONNECTIONS), '-d', String(ROUND_SEC)];
    stock.push((await runAutocannon(url, flags)).requests.average);
    result.rows.push({
      what: `saturation, ${against}`,
      attempt: turn,
      oursPerSec: Math.round(ours.at(-1)!),
      wrkPerSec: reached === null ? 'not installed' : Math.round(reached),
      autocannonPerSec: Math.round(stock.at(-1)!),
      ofWrk: reached === null ? 'unknown' : round(ours.at(-1)! / reached, 2),
      ofAutocannon: round(ours.at(-1)! / stock.at(-1)!, 2),
      backgroundBusyShare: background,
    });
  }
  return { ours, wrk, stock };
}

function judgeSaturation(result: BenchResult, { ours, wrk, stock }: Saturation): void {
  const beside = (name: string, others: number[], goal: number): void => {
    // Each round's ratio is of neighbours in time: what slows the machine slows both.
    const ratio = median(others.map((other, i) => ours[i]! / other));
    result.goals.push({
      goal: `saturation: at least ${goal} of ${name} (median ratio of ${ROUNDS} rounds in turn)`,
      measured: others.length === 0 ? `${name} is not installed` : ratio.toFixed(2),
      met: ratio >= goal,
    });
  };
  beside('wrk', wrk, 0.8);
  beside('stock autocannon', stock, 0.9);
}

function specOf(ratePerSec: number, durationMs: number): LoadSpec {
  const flat = { fromRatePerSec: ratePerSec, toRatePerSec: ratePerSec };
  return {
    seed: 1,
    engine: 'open-loop',
    arrivals: 'poisson',
    segments: [
      { name: 'warm-up', durationMs: 1500, ...flat, recorded: false },
      { name: 'measured', durationMs, ...flat, recorded: true },
    ],
    operations: [
      {
        operation: 'read-item',
        weight: 1,
        keys: { kind: 'zipf', keys: 10_000, exponent: 1 },
        request: { method: 'GET', path: '/items/{key}' },
      },
    ],
    users: 1000,
    timeoutMs: 5000,
    maxInFlight: 4000,
    connectionsPerInstance: CONNECTIONS,
    generatorProcesses: 1,
  };
}

/**
 * Waits a while for the machine to be quiet and returns what it does while nothing of ours runs: above a few per cent,
 * absolute figures are disturbed.
 */
async function quietly(): Promise<number> {
  const untilMs = performance.now() + QUIET_WAIT_MS;
  for (;;) {
    const busy = await busyShare();
    if (busy <= QUIET_SHARE || performance.now() > untilMs) return busy;
  }
}

async function busyShare(): Promise<number> {
  const read = (): { busy: number; all: number } => {
    const times = cpus().map((cpu) => cpu.times);
    const all = sum(times.map(({ user, nice, sys, idle, irq }) => user + nice + sys + idle + irq));
    return { busy: all - sum(times.map(({ idle }) => idle)), all };
  };
  const before = read();
  await sleep(400);
  const after = read();
  return round((after.busy - before.busy) / Math.max(1, after.all - before.all), 2);
}

function sum(values: LoadEvidence['slots']['sent']): number {
  return values.reduce((total, value) => total + value, 0);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

if (import.meta.main) process.stdout.write(`${JSON.stringify(await benchLoad(), null, 2)}\n`);
