/**
 * The life of a run, and the only code that knows all stages:
 *
 *  1 plan       frozen and explained before this is called
 *  2 start      the stack and the generators are started by the caller, so that runs of a comparison share the stack and
 *               generators warm up while it starts; fresh instances start here
 *  3 seed       the database in its first state, the cache empty
 *  4 prove      every instance answers a read, clocks agree, probes sample
 *  5 warm up    the load's segments that are not recorded
 *  6 measure    load, faults and probes side by side
 *  7 heal       every fault is undone, whatever happened
 *  8 drain      requests end, queues empty, the database is reconciled
 *  9 judge      measures, checks, thresholds, validity
 * 10 write      by the caller, from the result that is returned
 * 11 stop       instances here, the stack by the caller
 *
 * Each step has a deadline; whatever happens, 7, 10 and 11 are reached.
 */
import type { Defence } from '../contract/defence.ts';
import type { EnvironmentManifest, StartedService, StartedStack } from '../contract/environment.ts';
import { HarnessError } from '../contract/errors.ts';
import type { Fault, FaultInterval } from '../contract/fault.ts';
import type { Journal } from '../contract/journal.ts';
import type { LoadProgress, PreparedLoad, RunningLoad } from '../contract/load.ts';
import type { RunPlan } from '../contract/plan.ts';
import type { Probe } from '../contract/probe.ts';
import type { RunResult } from '../contract/result.ts';
import type { Target } from '../contract/target.ts';
import type { Workload } from '../contract/workload.ts';
import type { Check, Evidence } from '../contract/verdict.ts';
import { runFaults } from '../faults/engine/run-faults.ts';
import { realClock } from '../kit/clock.ts';
import { seededRandom } from '../kit/random.ts';
import { formatDuration } from '../kit/units.ts';
import { prepareProbes, type RunningProbes } from '../probes/engine/run-probes.ts';
import { assembleRunResult } from '../results/assemble.ts';
import { judge } from '../verdict/judge.ts';
import { type AdminConnections, openConnections } from './connections.ts';
import { withDeadline } from './deadline.ts';
import { emptyCaches } from './empty-caches.ts';
import { fillByReading } from './fill-by-reading.ts';
import { readCoherence } from './read-coherence.ts';
import { predictAsMeasured } from './predict-as-measured.ts';
import { settleReplica } from './settle-replica.ts';
import { whatCanBeWatched } from './what-can-be-watched.ts';
import { beforeTraffic, configureRedis, drainOrders, prepareCache, proveService } from './prepare.ts';

export interface RunInput {
  plan: RunPlan;
  stack: StartedStack;
  target: Target;
  /** Where the plan has one. */
  workload: Workload | null;
  /** Started for this plan's load; ended by the caller. */
  generators: PreparedLoad;
  faults: Map<string, Fault>;
  probes: readonly Probe[];
  checks: Map<string, Check>;
  defences: ReadonlyMap<string, Defence>;
  journal: Journal;
  runId: string;
  /** What was typed, redacted. */
  command: string;
  /** Aborting it heals, drains and returns what there is, marked partial. */
  signal: AbortSignal;
  onStep(line: string): void;
  onLoad(progress: LoadProgress): void;
}

/** Time limits of the steps, ms, beyond what the plan itself takes. */
const LIMIT = { seed: 180_000, start: 60_000, prove: 60_000, drain: 30_000, judge: 60_000, heal: 15_000 };

/**
 * Runs one plan on a started stack.
 *
 * @throws HarnessError where a step fails or hangs; faults are healed and instances stopped by then
 */
export async function executeRun(input: RunInput): Promise<RunResult> {
  const { plan, stack, target } = input;
  const startedAt = new Date();
  await using admin = await openConnections(stack.redisUrl, stack.postgresUrl);
  await using prepared = prepareProbes(input.probes);

  input.onStep('seeding the data');
  await withDeadline('seeding the data', LIMIT.seed, seed(input, admin));
  await withDeadline(
    'bringing the replica up to date',
    LIMIT.seed,
    settleReplica(plan.readReplica, stack.servers, admin.sql),
  );
  await using _redisSettings = await configureRedis(admin.redis, plan.redisConfig ?? {}, input.onStep);
  throwIfAborted(input.signal);
  input.onStep(`starting ${plan.instances} instances with ${plan.label}`);
  const startMs = Math.max(LIMIT.start, (target.ready?.timeoutMs ?? 0) + LIMIT.heal);
  await using service = await withDeadline('starting the service', startMs, stack.startService(plan, target));
  // The load is raced against it; here it must only never be an unhandled rejection.
  service.died.catch(() => {});

  const watched = await whatCanBeWatched(input, service);
  const [opened, proved] = await Promise.allSettled([
    withDeadline('opening the probes', LIMIT.prove, prepared.open(watched.probes, watched.context)),
    withDeadline('proving the service', LIMIT.prove, prove(input, service, admin)),
  ]);
  if (opened.status === 'rejected') throw opened.reason;
  await using probes = opened.value;
  if (proved.status === 'rejected') throw proved.reason;
  throwIfAborted(input.signal);

  const evidence = await measure(input, { service, probes, admin });
  input.onStep('judging');
  const judgement = await withDeadline('judging', LIMIT.judge, Promise.resolve(judge(evidence.evidence, input.checks)));
  return assembleRunResult({
    evidence: evidence.evidence,
    judgement,
    manifest: withEdge(stack.manifest, service),
    runId: input.runId,
    command: input.command,
    startedAt,
    finishedAt: new Date(),
    probeCostCpuShare: evidence.probeCostCpuShare,
  });
}

/** Each run of a comparison has its own edge, or none. */
function withEdge(manifest: EnvironmentManifest, { edge }: StartedService): EnvironmentManifest {
  return edge ? { ...manifest, versions: { ...manifest.versions, edge: edge.version } } : manifest;
}

async function seed({ plan, target, workload, stack }: RunInput, admin: AdminConnections): Promise<void> {
  await stack.toxiproxy.reset();
  const around = { redisUrl: stack.redisUrl, postgresUrl: stack.postgresUrl, instances: plan.instances };
  await target.seed(plan, admin.sql, around);
  await target.reset(plan, admin.sql, around);
  await workload?.seed(plan.workload!.parameters, admin.sql);
  await emptyCaches(admin.redis, stack.servers);
}

/** Step 4, and the cache as the profile wants it. */
async function prove(
  { plan, defences, stack, target, onStep }: RunInput,
  service: StartedService,
  admin: AdminConnections,
): Promise<void> {
  await proveService(plan, service.instances);
  await emptyCaches(admin.redis, stack.servers);
  if (target.own) return fillByReading(plan, service.instances, onStep);
  await prepareCache(plan, service.instances);
  if (plan.stack.some(({ id }) => defences.get(id)?.attend)) await beforeTraffic(service.instances);
}

/** What runs side by side in steps 5 and 6. */
interface Started {
  service: StartedService;
  probes: RunningProbes;
  admin: AdminConnections;
}

/** Steps 5 to 8. */
async function measure(
  input: RunInput,
  { service, probes, admin }: Started,
): Promise<{ evidence: Evidence; probeCostCpuShare: number }> {
  const { plan } = input;
  let load: RunningLoad | null = null;
  // Ends the faults: when the person interrupts, when the load has ended, or when the service has died.
  const faultsEnd = new AbortController();
  let faultsDone: Promise<FaultInterval[]> = Promise.resolve([]);
  const onAbort = (): void => {
    faultsEnd.abort();
    load?.stop();
  };
  input.signal.addEventListener('abort', onAbort);
  try {
    load = await withDeadline(
      'starting the load',
      LIMIT.start,
      input.generators.start(service.edge ? [service.edge.url] : service.instances.map((instance) => instance.url)),
    );
    if (input.signal.aborted) onAbort();
    probes.begin(load.measuredFromMs);
    load.onProgress(input.onLoad);
    const totalMs = plan.load.segments.reduce((sum, s) => sum + s.durationMs, 0);
    input.onStep(`load for ${formatDuration(totalMs)}: ${plan.load.engine}, ${plan.load.arrivals} arrivals`);
    faultsDone = inject(input, load, service, admin, faultsEnd.signal);
    const loadEvidence = await Promise.race([
      withDeadline('the load', totalMs + plan.load.timeoutMs + LIMIT.drain, load.done),
      service.died,
    ]);
    faultsEnd.abort();
    const faults = await withDeadline('healing the faults', LIMIT.heal, faultsDone);
    const measuredFromMs = load.measuredFromMs;
    const recordedMs = plan.load.segments.filter((s) => s.recorded).reduce((sum, s) => sum + s.durationMs, 0);
    const measuredToMs = Math.max(
      measuredFromMs + 1,
      loadEvidence.interrupted
        ? Math.min(loadEvidence.endedAtMs, measuredFromMs + recordedMs)
        : measuredFromMs + recordedMs,
    );
    const { evidence: probeEvidence, costCpuShare } = await withDeadline(
      'closing the probes',
      LIMIT.drain,
      probes.stop({ measuredFromMs, measuredToMs }),
    );

    input.onStep('draining');
    const pending = input.target.own ? 0 : await drainOrders(service.instances, LIMIT.drain / 2);
    const reconciliation =
      plan.stock !== null && input.target.reconcile
        ? { ...(await withDeadline('reconciling', LIMIT.drain, input.target.reconcile(admin.sql))), pending }
        : null;
    const coherence = await withDeadline(
      'reading what was written',
      LIMIT.drain,
      readCoherence(plan, input.target, service.instances, admin.sql),
    );
    const audit =
      (await withDeadline(
        'auditing',
        LIMIT.drain,
        Promise.resolve(input.workload?.audit?.(plan.workload!.parameters, admin.sql)),
      )) ?? null;
    const loads = probeEvidence
      .flatMap((p) => p.loads)
      .filter((l) => l.startedAtMs >= measuredFromMs && l.startedAtMs < measuredToMs)
      .sort((a, b) => a.startedAtMs - b.startedAtMs);
    const evidence: Evidence = {
      plan,
      load: loadEvidence,
      measuredFromMs,
      measuredToMs,
      faults,
      probes: probeEvidence,
      loads,
      reconciliation,
      audit,
      ...(coherence && { coherence }),
      interrupted: loadEvidence.interrupted || input.signal.aborted,
    };
    return {
      evidence: { ...evidence, plan: { ...plan, prediction: predictAsMeasured(evidence, input.defences) } },
      probeCostCpuShare: costCpuShare,
    };
  } finally {
    input.signal.removeEventListener('abort', onAbort);
    load?.kill();
    faultsEnd.abort();
    await withDeadline('healing the faults', LIMIT.heal, faultsDone).catch(() => {});
  }
}

/** Step 6's faults: the load is told when the first begins to act and when the last is healed. */
async function inject(
  input: RunInput,
  load: RunningLoad,
  service: StartedService,
  admin: AdminConnections,
  signal: AbortSignal,
): Promise<FaultInterval[]> {
  const { plan, stack } = input;
  if (plan.faults.length === 0) return [];
  const { redis } = admin;
  if (redis === null) throw new HarnessError('BAD_PLAN', 'faults need a Redis of ours, which this run has not got');
  let begun = 0;
  let healed = 0;
  return runFaults({
    events: plan.faults,
    faults: input.faults,
    context: {
      stack,
      instances: service.instances,
      helpers: service.helpers ?? [],
      redis,
      sql: admin.sql,
      clock: realClock,
      random: seededRandom(plan.seed, 'faults'),
      log: { info: input.onStep, warn: input.onStep },
    },
    measuredFromMs: load.measuredFromMs,
    journal: input.journal,
    signal,
    onInject: (_event, atMs) => {
      if (begun++ === 0) load.mark('during', atMs);
    },
    onHeal: (_event, atMs) => {
      if (++healed === plan.faults.length) load.mark('after', atMs);
    },
    progress: input.onStep,
  });
}

function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new HarnessError('INTERRUPTED', 'interrupted before the load began');
}
