/** The same traffic with nginx in front and without, on the real shop: what the edge saves, and what its readers miss. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ComparisonResult, RunResult } from '../harness/contract/result.ts';
import { messageOf } from '../harness/contract/errors.ts';
import { runCli } from '../harness/cli/test-support.ts';
import { findNginx } from '../harness/environment/edge-local.ts';

const missing = await findNginx().then(
  () => null,
  (error: unknown) => messageOf(error),
);
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cachequake-edge-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const set = (...values: string[]): string[] => values.flatMap((value) => ['--set', value]);
const figure = (result: RunResult, id: string): number => result.measures['run']![id] ?? NaN;

describe.skipIf(missing !== null)(`the profile edge${missing === null ? '' : `: skipped, ${missing}`}`, () => {
  test('most requests stop at the edge, unchanged pages are renewed by 304, and nobody tells it of a write', async () => {
    const { code, stderr } = await runCli([
      'compare',
      'edge',
      '--edge=none,nginx',
      '--env=local',
      // Nothing is cached behind the edge, so that whatever is stale is the edge's.
      '--defence=no-cache',
      '--max-lag-p99-ms=2000',
      '--max-rate-error=0.5',
      ...set('ratePerSec=150', 'durationSec=6', 'warmUpSec=2', 'keys=20', 'writeShare=0.03'),
      ...set('edge.sMaxAgeSec=1', 'edge.staleWhileRevalidateSec=5'),
      `--out=${folder}`,
    ]);
    expect([0, 4], stderr).toContain(code);
    const { runs } = JSON.parse(readFileSync(join(folder, 'result.json'), 'utf8')) as ComparisonResult;
    const [none, nginx] = runs as [RunResult, RunResult];
    expect(runs.map(({ plan }) => [plan.label, plan.edge?.id ?? null])).toEqual([
      ['none', null],
      ['nginx', 'nginx'],
    ]);
    expect(runs.map(({ environment }) => environment.versions['edge'] === undefined)).toEqual([true, false]);

    // A probe's first and last look are not at the edges of the recorded part to the millisecond.
    expect(figure(none, 'edge.originRequestsPerRequest')).toBeGreaterThan(0.85);
    expect(figure(none, 'edge.originRequestsPerRequest')).toBeLessThan(1.15);
    expect(figure(none, 'edge.notModified')).toBe(0);
    // Twenty pages, each asked for at most every second: the rest stops at the edge.
    expect(figure(nginx, 'edge.originRequestsPerRequest')).toBeLessThan(0.3);
    expect(figure(nginx, 'edge.bytesPerRequest')).toBeLessThan(figure(none, 'edge.bytesPerRequest') / 4);
    expect(figure(nginx, 'edge.notModified')).toBeGreaterThan(10);
    expect(figure(nginx, 'cache.hitRatio')).toBeGreaterThan(90);
    expect(figure(nginx, 'cache.staleShare')).toBeGreaterThan(1);
    for (const run of runs) expect(figure(run, 'errors.rate')).toBe(0);

    // The known failure: no write purges the edge.
    expect(figure(none, 'stale.share')).toBeLessThan(1);
    expect(figure(nginx, 'stale.share')).toBeGreaterThan(5);
    expect(figure(nginx, 'stale.ageMax')).toBeGreaterThan(500);
  });
});
