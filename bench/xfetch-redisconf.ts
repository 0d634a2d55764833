/**
 * A published result beside ours: the four strategies of internetarchive/xfetch (RedisConf 2017), each with its own
 * settings in scaled time, recomputes per expiry and per read. Theirs come from a closed loop of 50 workers: a worker
 * that recomputes or waits reads nothing meanwhile, so their plain fetch shows fewer recomputes than our arrivals,
 * which do not wait; the band is wide enough for that and for the chance of few expiries, and no wider.
 */
import {
  PUBLISHED_RUNS,
  PUBLISHED_SETTINGS,
  type PublishedRun,
} from '../profiles/shared/xfetch-redisconf-published.ts';
import { type BenchResult, thisMachine } from './result.ts';
import { runCachequake } from './run-cachequake.ts';

const TIME_SCALE = 0.25;
/** Ours may differ from theirs by this factor, up or down. */
const BAND = 2;

interface Counted {
  run: PublishedRun;
  theirsPerExpiry: number;
  oursPerExpiry: number;
  row: BenchResult['rows'][number];
  valid: boolean;
}

/** Four runs on the local environment, each as long as the published one in scaled time; about six minutes. */
export async function benchXfetchRedisconf(): Promise<BenchResult> {
  const startedAt = new Date().toISOString();
  const all: Counted[] = [];
  for (const run of PUBLISHED_RUNS) all.push(await repeat(run));
  const goals: BenchResult['goals'] = all.map(({ run, theirsPerExpiry, oursPerExpiry, valid }) => {
    const factor = oursPerExpiry / theirsPerExpiry;
    return {
      goal: `${run.strategy} (${run.defence}): recomputes per expiry within a factor of ${BAND} of the published ones`,
      measured: valid ? `${factor.toFixed(2)} times` : 'the run was not valid',
      met: valid && factor <= BAND && factor >= 1 / BAND,
    };
  });
  const order = (of: (one: Counted) => number): string =>
    all
      .toSorted((a, b) => of(b) - of(a))
      .map(({ run }) => run.strategy)
      .join(' > ');
  const theirs = groups(all, (one) => one.theirsPerExpiry);
  goals.push({
    goal: `the same order of strategies: ${theirs}`,
    measured: `${groups(all, (one) => one.oursPerExpiry)} (theirs ${order((one) => one.theirsPerExpiry)}, ours ${order((one) => one.oursPerExpiry)})`,
    met: groups(all, (one) => one.oursPerExpiry) === theirs,
  });
  return {
    name: 'xfetch-redisconf',
    title: `internetarchive/xfetch, RedisConf 2017: published and repeated (time scaled by ${TIME_SCALE})`,
    startedAt,
    machine: thisMachine(),
    rows: all.map(({ row }) => row),
    goals,
  };
}

async function repeat(run: PublishedRun): Promise<Counted> {
  const durationSec = run.seconds * TIME_SCALE;
  const set = [`timeScale=${TIME_SCALE}`, `durationSec=${durationSec}`];
  const defence = ['--defence', run.defence, ...(run.defence.includes('xfetch') ? ['--set', 'xfetch.beta=1'] : [])];
  const result = await runCachequake([
    'run',
    'xfetch-redisconf',
    '--env',
    'local',
    // Their client waits for its cache: giving up on it would add loads that have nothing to do with the strategy.
    '--redis-timeout-ms=2000',
    ...defence,
    ...set.flatMap((assignment) => ['--set', assignment]),
  ]);
  const measures = result.measures['run'] ?? {};
  const reads = result.histograms
    .filter((record) => record.clock === 'intended')
    .reduce((sum, record) => sum + record.count, 0);
  const recomputes = measures['db.loads'] ?? NaN;
  const expiries = (seconds: number): number => seconds / PUBLISHED_SETTINGS.ttlSec;
  const theirsPerExpiry = run.recomputes / expiries(run.seconds);
  // An expiry is a TTL's time for both, since theirs were not counted in any other way.
  const oursPerExpiry = recomputes / expiries(durationSec / TIME_SCALE);
  return {
    run,
    theirsPerExpiry,
    oursPerExpiry,
    valid: result.validity.valid,
    row: {
      strategy: run.strategy,
      'our stack': run.defence,
      'reads, theirs': run.reads,
      'reads, ours': reads,
      'recomputes, theirs': run.recomputes,
      'recomputes, ours': recomputes,
      'per expiry, theirs': theirsPerExpiry.toFixed(2),
      'per expiry, ours': oursPerExpiry.toFixed(2),
      'per 1000 reads, theirs': ((1000 * run.recomputes) / run.reads).toFixed(2),
      'per 1000 reads, ours': ((1000 * recomputes) / reads).toFixed(2),
      ...(run.defence === 'cache-aside' && {
        'open loop predicts': (1 + PUBLISHED_SETTINGS.readsPerSec * PUBLISHED_SETTINGS.recomputeSec).toFixed(0),
      }),
      valid: result.validity.valid,
    },
  };
}

/** Strategies by what they cost; those that are within a third of each other count as equal. */
function groups(all: readonly Counted[], of: (one: Counted) => number): string {
  const sorted = all.toSorted((a, b) => of(b) - of(a));
  let text = '';
  let members: string[] = [];
  let first = NaN;
  for (const one of sorted) {
    if (members.length > 0 && of(one) < first / 1.34) {
      text += `${members.toSorted().join(' = ')} > `;
      members = [];
    }
    if (members.length === 0) first = of(one);
    members.push(one.run.strategy);
  }
  return text + members.toSorted().join(' = ');
}
