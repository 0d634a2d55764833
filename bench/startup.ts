/** From the command to the first recorded request, as a user waits for it: without warm-up traffic, several times. */
import { dockerUsable } from '../harness/environment/select.ts';
import { resolveSettings } from '../harness/plan/resolve-settings.ts';
import { type BenchResult, thisMachine } from './result.ts';
import { runCachequake } from './run-cachequake.ts';

const REPEATS = 7;
const GOAL_SEC = { local: 3, docker: 8 } as const;

/** The first run of each environment warms caches (the database template, images) and is told apart. */
export async function benchStartup(): Promise<BenchResult> {
  const startedAt = new Date().toISOString();
  const { settings } = resolveSettings({ flags: {}, environment: process.env, config: {} });
  const docker = await dockerUsable(settings, () => {});
  const rows: BenchResult['rows'] = [];
  const goals: BenchResult['goals'] = [];
  for (const environment of ['local', ...(docker.available ? (['docker'] as const) : [])] as const) {
    const seconds: number[] = [];
    for (let i = 0; i <= REPEATS; i++) {
      const beganMs = Date.now();
      const result = await runCachequake([
        'run',
        'hot-key',
        '--env',
        environment,
        '--set',
        'warmUpSec=0',
        '--set',
        'durationSec=1',
      ]);
      seconds.push((result.measuredFromMs - beganMs) / 1000);
    }
    const [first, ...rest] = seconds;
    const sorted = rest.toSorted((a, b) => a - b);
    const median = sorted[Math.floor(sorted.length / 2)]!;
    rows.push({
      environment,
      first: `${first!.toFixed(2)} s`,
      median: `${median.toFixed(2)} s`,
      min: `${sorted[0]!.toFixed(2)} s`,
      max: `${sorted.at(-1)!.toFixed(2)} s`,
    });
    goals.push({
      goal: `${environment}: first recorded request in under ${GOAL_SEC[environment]} s`,
      measured: `${median.toFixed(2)} s (median of ${REPEATS})`,
      met: median < GOAL_SEC[environment],
    });
  }
  if (!docker.available) rows.push({ environment: 'docker', first: `not measured: ${docker.reason}` });
  return {
    name: 'startup',
    title: 'From the command to the first recorded request',
    startedAt,
    machine: thisMachine(),
    rows,
    goals,
  };
}
