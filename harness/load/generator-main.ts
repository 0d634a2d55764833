/**
 * A generator process. Load is made here and never on the event loop of the orchestrator, so that nothing else that
 * the harness does can delay a request. It obeys its parent over IPC and ends when the parent is gone.
 */
import { messageOf } from '../contract/errors.ts';
import type { FromGenerator, GeneratorOrder, GeneratorReport, ToGenerator } from './messages.ts';
import { OpenLoopGenerator } from './open-loop-generator.ts';
import type { SaturationGenerator } from './saturation-generator.ts';
import { scheduleOf } from './schedule.ts';
import { warmCodePath } from './warm-code-path.ts';

const SECOND_MS = 1000;

type Generator = OpenLoopGenerator | SaturationGenerator;
let generator: Generator | null = null;
let startedAtMs = 0;

function tell(message: FromGenerator, then?: () => void): void {
  process.send?.(message, undefined, undefined, then);
}

function fail(error: unknown): void {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  tell({ type: 'failed', message: messageOf(error) }, () => process.exit(1));
}

async function prepare(order: GeneratorOrder): Promise<Generator> {
  if (order.spec.engine === 'saturation') {
    // Autocannon doubles what there is to load, and the start of an open loop would wait for it too.
    const { SaturationGenerator } = await import('./saturation-generator.ts');
    return new SaturationGenerator(order);
  }
  await warm;
  const made = new OpenLoopGenerator(order);
  await made.prepare();
  return made;
}

async function run(made: Generator, order: GeneratorOrder): Promise<GeneratorReport> {
  const { recordedFromMs, recordedToMs } = scheduleOf(order.spec.segments);
  const everySecond = setInterval(() => {
    const nowMs = made.nowMs();
    // Only whole seconds of the recorded part count as use of the core.
    made.cpu.sample(nowMs >= recordedFromMs + SECOND_MS && nowMs <= recordedToMs);
    tell({ type: 'progress', progress: made.recorder.takeProgress() });
  }, SECOND_MS);
  await made.run(startedAtMs);
  clearInterval(everySecond);
  const nowMs = made.nowMs();
  if (made.cpu.shares.length === 0) made.cpu.sample(true);
  tell({ type: 'progress', progress: made.recorder.takeProgress() });
  return {
    ...made.recorder.finish(startedAtMs, made.stoppedAtMs),
    endedAtMs: startedAtMs + nowMs,
    cpuShares: made.cpu.shares,
    connectionsOpened: made.counts.opened,
    connectionsReplaced: made.counts.replaced,
  };
}

let order: GeneratorOrder | null = null;
let warm: Promise<void> = Promise.resolve();

process.on('message', (message: ToGenerator) => {
  switch (message.type) {
    case 'warm':
      if (message.share.spec.engine === 'open-loop') warm = warmCodePath(message.share);
      // Told when it is waited for.
      warm.catch(() => {});
      break;
    case 'prepare':
      order = message.order;
      prepare(message.order).then((made) => {
        generator = made;
        tell({ type: 'ready' });
      }, fail);
      break;
    case 'go':
      if (generator === null || order === null) return fail(new Error('told to go before it was ready'));
      startedAtMs = message.startedAtMs;
      run(generator, order).then((report) => tell({ type: 'report', report }, () => process.exit(0)), fail);
      break;
    case 'mark':
      generator?.mark(message.phase, message.atMs - startedAtMs);
      break;
    case 'stop':
      generator?.stop();
      break;
  }
});
process.on('disconnect', () => process.exit(0));
// Ctrl-C reaches the whole process group; the parent decides what to do about it.
process.on('SIGINT', () => {});
process.on('uncaughtException', fail);
