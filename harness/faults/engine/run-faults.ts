/**
 * Runs the faults of a plan by the clock. Each undo is journalled before its injection, and each fault is healed at
 * its end or at once when the run is stopped: none is ever left behind. What goes wrong is written in the interval,
 * for the verdict to judge; only a plan that cannot be carried out is refused, before anything is injected.
 */
import { HarnessError, messageOf } from '../../contract/errors.ts';
import type { Fault, FaultConfirmation, FaultContext, FaultInterval, UndoStep } from '../../contract/fault.ts';
import type { Journal } from '../../contract/journal.ts';
import type { FaultEvent } from '../../contract/profile.ts';
import { within } from './deadline.ts';
import { applyUndo } from './undo.ts';

const INJECT_DEADLINE_MS = 15_000;
const CONFIRM_DEADLINE_MS = 3_000;
const HEAL_DEADLINE_MS = 5_000;
/** An admin connection that is just coming back is given a second before Redis is held to be away. */
const PING_ATTEMPTS = 10;
const PING_AGAIN_MS = 100;
const HEAL_ATTEMPTS = 3;
/** How long before its end a lasting fault is looked at again. */
const LAST_LOOK_MS = 50;

export interface RunFaultsOptions {
  events: readonly FaultEvent[];
  /** All known faults by id. */
  faults: ReadonlyMap<string, Fault>;
  context: FaultContext;
  /** Start of the recorded part, epoch ms; the events count from it. */
  measuredFromMs: number;
  journal: Journal;
  /** Stops what has not begun and heals what is there at once. */
  signal: AbortSignal;
  /** Just before an injection, and when a heal is done; epoch ms. A fault that could not be healed is not announced. */
  onInject(event: FaultEvent, atMs: number): void;
  onHeal(event: FaultEvent, atMs: number): void;
  /** Progress, one line each. */
  progress(line: string): void;
}

interface Scheduled {
  event: FaultEvent;
  fault: Fault;
  parameters: Record<string, unknown>;
  /** In the journal. */
  id: string;
}

/**
 * Injects and heals all events; resolves when the last is healed, with one interval for each in order of their start.
 *
 * @throws HarnessError `UNKNOWN_NAME`, `BAD_PARAMETER` or `BAD_PLAN` before anything is injected
 */
export async function runFaults(options: RunFaultsOptions): Promise<FaultInterval[]> {
  const scheduled = options.events
    .toSorted((a, b) => a.atMs - b.atMs)
    .map((event, index) => schedule(event, index, options.faults));
  refuseOverlaps(scheduled);
  // One after another for the same fault, so that a heal never takes back the injection that follows it.
  const chains = new Map<Fault, Promise<FaultInterval>>();
  return Promise.all(
    scheduled.map((one) => {
      const earlier: Promise<unknown> = chains.get(one.fault) ?? Promise.resolve();
      const done = earlier.then(() => runOne(one, options));
      chains.set(one.fault, done);
      return done;
    }),
  );
}

function refuseOverlaps(scheduled: readonly Scheduled[]): void {
  const ends = new Map<Fault, number>();
  for (const one of scheduled) {
    if (one.event.atMs < (ends.get(one.fault) ?? 0))
      throw new HarnessError(
        'BAD_PLAN',
        `${one.fault.id} at ${one.event.atMs} ms begins before the one before it ends`,
        { hint: 'different faults may overlap, the same one may not' },
      );
    ends.set(one.fault, one.event.atMs + lastingMs(one));
  }
}

function schedule(event: FaultEvent, index: number, faults: ReadonlyMap<string, Fault>): Scheduled {
  const fault = faults.get(event.fault);
  if (!fault)
    throw new HarnessError('UNKNOWN_NAME', `there is no fault '${event.fault}'`, {
      hint: `known: ${[...faults.keys()].join(', ')}`,
    });
  const parsed = fault.parameters.strict().safeParse(event.parameters ?? {});
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new HarnessError('BAD_PARAMETER', `${event.fault}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`, {
      hint: `parameters: ${Object.keys(fault.parameters.shape).join(', ') || 'none'}`,
      cause: parsed.error,
    });
  }
  return { event, fault, parameters: parsed.data, id: `fault-${index}-${event.fault}` };
}

/** A fault that only strikes has no duration, whatever the event says. */
function lastingMs(one: Scheduled): number {
  return one.fault.kind === 'lasting' ? one.event.durationMs : 0;
}

async function runOne(one: Scheduled, options: RunFaultsOptions): Promise<FaultInterval> {
  const { event, fault, parameters } = one;
  const { clock } = options.context;
  // A context of its own for each injection: faults keep by it what they must remember until they are confirmed.
  const context: FaultContext = { ...options.context };
  const plannedAtMs = options.measuredFromMs + event.atMs;
  const interval: FaultInterval = {
    fault: fault.id,
    title: fault.title,
    plannedAtMs,
    plannedDurationMs: lastingMs(one),
    injectedAtMs: plannedAtMs,
    healedAtMs: plannedAtMs,
    confirmation: { active: false, evidence: 'not injected' },
    error: null,
  };
  if (!(await sleepUntil(plannedAtMs, options))) {
    interval.injectedAtMs = interval.healedAtMs = clock.nowMs();
    interval.error = 'not injected: the run was stopped before its time';
    return interval;
  }
  let steps: UndoStep[];
  try {
    steps = fault.undo(context, parameters);
    options.journal.write({ kind: 'undo', id: one.id, steps });
  } catch (error) {
    interval.injectedAtMs = interval.healedAtMs = clock.nowMs();
    interval.error = `not injected: ${messageOf(error)}`;
    return interval;
  }

  interval.injectedAtMs = clock.nowMs();
  options.onInject(event, interval.injectedAtMs);
  let settled = false;
  const injecting = (async () => fault.inject(context, parameters))().finally(() => (settled = true));
  try {
    await within(clock, INJECT_DEADLINE_MS, `the injection of ${fault.id}`, injecting);
    options.progress(`fault ${fault.id} injected`);
  } catch (error) {
    interval.error = `injection failed: ${messageOf(error)}`;
    interval.confirmation = { active: false, evidence: interval.error };
  }

  if (options.signal.aborted) interval.confirmation = { active: false, evidence: 'stopped before it was confirmed' };
  else if (interval.error === null) interval.confirmation = await look(one, context);
  if (interval.error === null && fault.kind === 'lasting') {
    const endMs = interval.injectedAtMs + event.durationMs;
    if (await sleepUntil(endMs - LAST_LOOK_MS, options)) {
      // What happened since is the better evidence; a first look that saw more is kept.
      const last = await look(one, context);
      if (last.active || !interval.confirmation.active) interval.confirmation = last;
      await sleepUntil(endMs, options);
    }
  }

  const healError = await heal(one, steps, options);
  // An injection that outlived its deadline may land after the heal: it is taken back once more.
  if (!settled) void injecting.catch(() => {}).then(() => heal(one, steps, options));
  interval.healedAtMs = clock.nowMs();
  if (healError === null) {
    options.onHeal(event, interval.healedAtMs);
    const { active, evidence } = interval.confirmation;
    options.progress(`fault ${fault.id} healed: ${active ? evidence : `NOT confirmed, ${evidence}`}`);
  } else {
    interval.error = interval.error === null ? healError : `${interval.error}; ${healError}`;
    options.progress(`fault ${fault.id} is still there: ${healError}`);
  }
  return interval;
}

/** False where the run was stopped first. */
async function sleepUntil(atMs: number, { context, signal }: RunFaultsOptions): Promise<boolean> {
  const leftMs = atMs - context.clock.nowMs();
  try {
    if (leftMs > 0) await context.clock.sleep(leftMs, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  return !signal.aborted;
}

/** A confirmation that throws confirms nothing. */
async function look({ fault, parameters }: Scheduled, context: FaultContext): Promise<FaultConfirmation> {
  try {
    const looking = fault.confirm(context, parameters);
    return await within(context.clock, CONFIRM_DEADLINE_MS, `the look at ${fault.id}`, looking);
  } catch (error) {
    return { active: false, evidence: `could not be confirmed: ${messageOf(error)}` };
  }
}

/** Takes the injection back, trying again for a while; resolves to what went wrong, or null. */
async function heal(one: Scheduled, steps: readonly UndoStep[], options: RunFaultsOptions): Promise<string | null> {
  const { clock, stack, redis, helpers } = options.context;
  const actions = {
    control: () => stack.toxiproxy,
    reviveHelper: async (name: string) => helpers?.find((helper) => helper.name === name)?.revive(),
    // Redis is started again only where it does not answer: a restart that went well needs no second one.
    restartRedis: async () => {
      for (let attempt = 0; attempt < PING_ATTEMPTS; attempt++) {
        if (attempt > 0) await clock.sleep(PING_AGAIN_MS);
        const answer = await within(clock, 1_000, 'PING', redis.ping()).catch(() => null);
        if (answer !== null) return;
      }
      await stack.restartRedis?.();
    },
  };
  let failure = '';
  for (let attempt = 0; attempt < HEAL_ATTEMPTS; attempt++) {
    if (attempt > 0) await clock.sleep(200 * attempt);
    try {
      await within(clock, HEAL_DEADLINE_MS, `the heal of ${one.fault.id}`, applyUndo(steps, actions));
      options.journal.write({ kind: 'healed', id: one.id });
      return null;
    } catch (error) {
      failure = messageOf(error);
    }
  }
  return failure;
}
