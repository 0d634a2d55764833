/**
 * The metrics that we write are read by the parser of those who wrote the OpenMetrics format: prometheus_client for
 * Python, which Debian has as python3-prometheus-client. Our own tests know our texts; this one knows the format.
 */
import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { expect, test } from 'vitest';
import { HOSTILE } from '../reports/fixtures/hostile.ts';
import { makeComparison, makeRun } from '../reports/fixtures/make-fixture.ts';
import { makeGate } from '../reports/gate/fixture.ts';
import { renderGateOpenMetrics } from '../reports/gate/openmetrics.ts';
import { renderOpenMetrics } from '../reports/openmetrics.ts';

/** Debian's own, where the package puts its modules; another Python on the path would not find them. */
const PYTHON = '/usr/bin/python3';
const READ = `
import json, sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read
print(json.dumps({family.name: [family.type, [[s.labels, s.value] for s in family.samples]] for family in read(sys.stdin.read())}))
`;
type Families = Record<string, [type: string, samples: [labels: Record<string, string>, value: number][]]>;

const python = (input: string): SpawnSyncReturns<string> =>
  spawnSync(PYTHON, ['-c', READ], { input, encoding: 'utf8' });
const missing = python('# EOF\n').status !== 0;

function read(text: string): Families {
  const { status, stdout, stderr } = python(text);
  expect(status, stderr).toBe(0);
  return JSON.parse(stdout) as Families;
}

test.skipIf(missing)(
  `a run, a comparison and a gate are OpenMetrics${missing ? ': python3-prometheus-client is not here' : ''}`,
  () => {
    const short = { durationMs: 20_000, fault: { fromMs: 8000, toMs: 12_000 } };
    const run = makeRun(short);
    const families = read(renderOpenMetrics(run));
    const during = families['cachequake_latency_p99_seconds']![1].find(([labels]) => labels['phase'] === 'during');
    expect(during![1]).toBeCloseTo(run.measures['during']!['latency.p99']! / 1000, 9);

    const comparison = makeComparison({ ...short, defences: ['cache-aside', 'xfetch'], hostile: HOSTILE });
    const labels = Object.values(read(renderOpenMetrics(comparison))).flatMap(([, samples]) =>
      samples.map(([one]) => one),
    );
    // What would break a line comes back as it was.
    expect(labels.flatMap((one) => Object.values(one)).some((value) => value.includes(HOSTILE))).toBe(true);

    expect(Object.keys(read(renderGateOpenMetrics(makeGate())))).toContain('cachequake_gate');
  },
);

test.skipIf(missing)('the parser refuses what is wrong', () => {
  const { status, stderr } = python(renderGateOpenMetrics(makeGate()).replace('# EOF\n', ''));
  expect(status).not.toBe(0);
  expect(stderr).toContain('EOF');
});
