/**
 * The probe process: opens the probes, samples them, and hands over what they saw. A process of its own keeps their
 * work off the orchestrator's event loop, and makes their whole cost one figure. It ends with the run that started it.
 */
import { loadModule } from '../../kit/load-modules.ts';
import { realClock } from '../../kit/clock.ts';
import { messageOf } from '../../contract/errors.ts';
import type { Probe, ProbeContext, ProbeEvidence, Sampler } from '../../contract/probe.ts';
import type { FromProbes, ServerPart, ToProbes } from './probe-messages.ts';
import { Metronome } from './metronome.ts';
import { Sampling } from './sampling.ts';
import { cutSeries, cutTotals } from './window.ts';

const LOADS_PER_MESSAGE = 20_000;
const WARM_ROUNDS = 8;
const FINISH_DEADLINE_MS = 5_000;

interface Opened {
  probe: Probe;
  sampler: Sampler;
  sampling: Sampling;
}
const opened: Opened[] = [];
const failed: ProbeEvidence[] = [];
let cost: { cpuMs: number; atMs: number } | null = null;
const cpuQuestions = new Map<number, (ms: number | null) => void>();
let questions = 0;

function send(message: FromProbes): Promise<void> {
  return new Promise((resolve) => process.send?.(message, () => resolve()));
}

function cpuMs(part: ServerPart): Promise<number | null> {
  const question = questions++;
  return new Promise((resolve) => {
    cpuQuestions.set(question, resolve);
    void send({ type: 'cpu?', question, part });
  });
}

async function open(message: Extract<ToProbes, { type: 'open' }>): Promise<void> {
  const { redisUrl, postgresUrl, servers, environment, instances } = message;
  const context: ProbeContext = {
    stack: { redisUrl, postgresUrl, servers, cpuMs, manifest: { id: environment } },
    instances,
  };
  const samplers = await Promise.all(
    message.files.map(async (file) => {
      let probe: Probe | null = null;
      try {
        probe = await loadModule<Probe>(file, 'probe');
        return { probe, sampler: await probe.open(context) };
      } catch (error) {
        failed.push(emptyEvidence(probe?.id ?? file, probe?.everyMs ?? 0, messageOf(error)));
        return null;
      }
    }),
  );
  await warm(samplers.flatMap((one) => (one ? [one.sampler] : [])));
  const metronome = new Metronome(realClock);
  for (const one of samplers)
    if (one) opened.push({ ...one, sampling: new Sampling(one.sampler, one.probe.everyMs, realClock, metronome) });
  // What starting cost is paid before traffic, and is not part of what the probes cost the run.
  cost = { cpuMs: ownCpuMs(), atMs: realClock.nowMs() };
  await send({ type: 'opened', failures: failed.map(({ probe, error }) => ({ probe, message: error ?? '' })) });
}

/** The first samples of a fresh process cost several times what later ones do; they are taken before traffic. */
async function warm(samplers: readonly Sampler[]): Promise<void> {
  for (let round = 0; round < WARM_ROUNDS; round++)
    // What fails here fails again in the first sample that counts, and is told there.
    await Promise.allSettled(samplers.map((sampler) => sampler.sample()));
}

function begin(atMs: number): void {
  setTimeout(
    () => {
      for (const { sampler, sampling } of opened)
        sampler.begin?.().catch((error: unknown) => (sampling.error = messageOf(error)));
    },
    Math.max(0, atMs - realClock.nowMs()),
  );
}

async function stop(fromMs: number, toMs: number): Promise<void> {
  const costCpuShare = cost ? (ownCpuMs() - cost.cpuMs) / (realClock.nowMs() - cost.atMs) : 0;
  const evidence = await Promise.all(opened.map((one) => finish(one, fromMs, toMs)));
  for (const one of evidence) {
    const { probe, loads } = one;
    for (let at = 0; at < loads.length; at += LOADS_PER_MESSAGE)
      await send({ type: 'loads', probe, loads: loads.slice(at, at + LOADS_PER_MESSAGE) });
    one.loads = [];
  }
  // The run lets go when it has read this; going first could lose what is still in the channel.
  await send({ type: 'done', evidence: [...evidence, ...failed], costCpuShare });
}

async function finish({ probe, sampler, sampling }: Opened, fromMs: number, toMs: number): Promise<ProbeEvidence> {
  const evidence = emptyEvidence(probe.id, probe.everyMs, null);
  const within = (atMs: number): boolean => atMs >= fromMs && atMs <= toMs;
  try {
    const work = (async () => {
      await sampling.stop();
      const last = await sampler.finish();
      await sampler.close();
      return last;
    })();
    const last = await Promise.race([work, realClock.sleep(FINISH_DEADLINE_MS).then(() => null)]);
    if (last === null) evidence.error = `did not finish within ${FINISH_DEADLINE_MS} ms`;
    evidence.totals = { ...last?.totals };
    evidence.statements = last?.statements ?? [];
    evidence.loads = (last?.loads ?? [])
      .filter((load) => within(load.startedAtMs))
      .sort((a, b) => a.startedAtMs - b.startedAtMs);
  } catch (error) {
    evidence.error = messageOf(error);
  }
  evidence.series = cutSeries(sampler.fields, sampling.samples, fromMs, toMs);
  evidence.totals = { ...cutTotals(sampler.fields, sampling.samples, fromMs, toMs), ...evidence.totals };
  evidence.samples = sampling.samples.filter((sample) => within(sample.atMs)).length;
  evidence.lostSamples = sampling.lostAtMs.filter(within).length + (sampler.lost?.() ?? 0);
  evidence.error ??= evidence.samples === 0 && sampler.fields.length > 0 ? sampling.error : null;
  return evidence;
}

function emptyEvidence(probe: string, everyMs: number, error: string | null): ProbeEvidence {
  return { probe, everyMs, series: [], totals: {}, statements: [], loads: [], samples: 0, lostSamples: 0, error };
}

function ownCpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

async function load(files: readonly string[]): Promise<void> {
  await Promise.allSettled(files.map((file) => loadModule<Probe>(file, 'probe')));
}

process.on('message', (message: ToProbes) => {
  if (message.type === 'load') void load(message.files);
  else if (message.type === 'open') void open(message);
  else if (message.type === 'begin') begin(message.atMs);
  else if (message.type === 'cpu') {
    cpuQuestions.get(message.question)?.(message.ms);
    cpuQuestions.delete(message.question);
  } else void stop(message.measuredFromMs, message.measuredToMs);
});
// The run ends the probes; Ctrl-C on a terminal reaches the whole group, and must not end them first.
process.on('SIGINT', () => {});
process.on('disconnect', () => process.exit(0));
