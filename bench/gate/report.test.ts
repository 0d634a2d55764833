import { expect, test } from 'vitest';
import { analyse } from './analyse.ts';
import { goalRows } from './goals.ts';
import { measuredPart } from './report.ts';
import { SITTING, syntheticSeries, testGate } from './test-support.ts';
import type { WholeGate } from './whole-file.ts';

const FROM = { when: '2026-01-03', folder: 'recordings' };
const OPTIONS = { sameDecisions: 40, changedDecisions: 20, seed: 1 };

function wholeGate(change: string, status: WholeGate['status']): WholeGate {
  const { machine, versions, startedAt } = SITTING;
  return {
    kind: 'gate',
    series: 'duet-10s-400',
    change,
    status,
    startedAt,
    minutes: 3,
    budgetMinutes: 10,
    pairs: 12,
    regressed: status === 'regressed' ? ['latency.p50'] : [],
    open: [],
    sentence: '',
    machine,
    versions,
  };
}

test('a calm machine meets the goals, and a change that is not seen misses its goal by so much', async () => {
  const analysis = await analyse(
    syntheticSeries([
      { change: 'none', pairs: 40, spread: 0.01 },
      { change: 'service-5', pairs: 24, spread: 0.01, effects: { 'latency.p50': 0.05 } },
      { change: 'p95-5', pairs: 24, spread: 0.01, effects: { 'latency.p95': 0.05 } },
      { change: 'p99-10', pairs: 24, spread: 0.01, effects: { 'latency.p50': 0.1 } },
      { change: 'single-flight', pairs: 24, spread: 0.01, effects: { 'db.queriesPerRequest': 0.4 } },
    ]),
    testGate(),
    OPTIONS,
  );
  const rows = goalRows([analysis], []);
  const of = (start: string) => rows.find(({ goal }) => goal.startsWith(start))!;
  expect(of('false alarms')).toMatchObject({ met: true, missedBy: '' });
  expect(of('median pass')).toMatchObject({ met: true, measured: '2.9 minutes' });
  expect(of('+5 % on p50')).toMatchObject({ met: true });
  expect(of('+5 % on p95')).toMatchObject({ met: true });
  expect(of('+10 % on p99')).toMatchObject({ met: false, missedBy: '95.0 %' });
  expect(of('lost single-flight')).toMatchObject({ met: true });
  expect(of('extra query')).toMatchObject({ met: null, measured: 'not measured yet' });
  expect(of('≥ 20 whole gates where nothing')).toMatchObject({ met: false, missedBy: '20' });
});

test('noisy pairs are undecided and not alarms', async () => {
  const analysis = await analyse(syntheticSeries([{ change: 'none', pairs: 40, spread: 0.4 }]), testGate(), OPTIONS);
  const rows = goalRows([analysis], []);
  expect(rows.find(({ goal }) => goal.startsWith('undecided'))).toMatchObject({ met: false });
  expect(rows.find(({ goal }) => goal.startsWith('false alarms'))!.measured).toMatch(/of 40/);
});

test('whole gates are counted by change, alarms apart', async () => {
  const analysis = await analyse(syntheticSeries([{ change: 'none', pairs: 4, spread: 0.01 }]), testGate(), OPTIONS);
  const gates = [
    ...Array.from({ length: 24 }, () => wholeGate('none', 'pass')),
    wholeGate('comment', 'regressed'),
    ...Array.from({ length: 20 }, () => wholeGate('service-5', 'regressed')),
  ];
  const rows = goalRows([analysis], gates);
  const of = (start: string) => rows.find(({ goal }) => goal.startsWith(start))!;
  expect(of('whole gates, nothing')).toMatchObject({ met: false, missedBy: '3.0 %' });
  expect(of('≥ 20 whole gates where')).toMatchObject({ met: true, measured: '25' });
  expect(of('≥ 20 whole gates with')).toMatchObject({ met: true, measured: '20' });
  const text = measuredPart([analysis], gates, FROM);
  expect(text).toContain(
    '| service time +5 % of the unloaded p50, busy waiting in every request | duet-10s-400 | 20 | 100.0 % (20 of 20;',
  );
  expect(text).toContain('latency.p50 20');
});

test('the measured part holds every table, also where next to nothing is recorded', async () => {
  expect(measuredPart([], [], FROM)).toBe('Nothing is recorded yet (2026-01-03).');
  const analysis = await analyse(syntheticSeries([{ change: 'none', pairs: 3, spread: 0.01 }]), testGate(), OPTIONS);
  const text = measuredPart([analysis], [], FROM);
  for (const heading of ['Goals', 'What was recorded', 'False alarms', 'Power', 'Whole gates', 'Noise'])
    expect(text).toContain(`### ${heading}`);
  expect(text).toContain('none 3');
  expect(text).not.toMatch(/NaN|undefined|Infinity/);
});
