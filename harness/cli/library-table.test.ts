/** What people read of a library run: every measured fact, findings only where the machine can be trusted. */
import { expect, test } from 'vitest';
import { type LibrariesReport, renderLibrariesMarkdown, renderLibrariesText } from './library-table.ts';

const outcome = (
  subject: string,
  loads: number,
  starvedMs: number,
): LibrariesReport['cases'][number]['outcomes'][number] => ({
  subject,
  facts: { loads, recovered: loads === 1, slowestMs: null },
  problem: null,
  starvedMs,
  finding: loads > 1 && starvedMs === 0 ? `${loads} loads` : null,
});

const report: LibrariesReport = {
  kind: 'libraries',
  cachequakeVersion: '0.1.0',
  command: 'cachequake compare libraries',
  startedAt: '2026-01-01T00:00:00.000Z',
  finishedAt: '2026-01-01T00:02:00.000Z',
  machine: { platform: 'linux', cores: 2, cpuModel: 'a|b', memoryBytes: 1, fingerprint: 'x' },
  loadAverage: 0.5,
  runtime: { node: 'v24', redis: '7.0' },
  subjects: [
    { id: 'cacheable', kind: 'library', versions: { cacheable: '2.5.0', keyv: '5.6.0' } },
    { id: 'lease', kind: 'defence', versions: { cachequake: '0.1.0' } },
  ],
  cases: [
    {
      id: 'cold-calls',
      title: 'Cold calls',
      about: 'counts',
      prose: 'Callers at once.',
      columns: [
        { fact: 'loads', title: 'loads' },
        { fact: 'recovered', title: 'then answered' },
        { fact: 'slowestMs', title: 'slowest', unit: 'ms' },
      ],
      outcomes: [outcome('cacheable', 1200, 0), outcome('lease', 1, 0)],
    },
  ],
  load: {
    processes: 2,
    readers: 2,
    pauseMs: 1,
    recomputeMs: 1,
    ttlMs: 1000,
    durationMs: 1000,
    rounds: 1,
    outcomes: [],
  },
};

test('the table shows every fact with its version, a missing one as a dash, and a subject that was not run', () => {
  const text = renderLibrariesText(report);
  expect(text).toMatch(/cacheable 2\.5\.0 +│ 1,200 +│ no +│ –/);
  expect(text).toMatch(/lease \(ours\) +│ 1 +│ yes/);
  expect(text).toContain('- Cold calls: cacheable 2.5.0: 1200 loads.');
  expect(text).toContain('cacheable: cacheable 2.5.0, keyv 5.6.0');
  expect(text).toContain('not run');
  expect(text).not.toContain('machine was busy');
});

test('facts of a starved case are marked and counted', () => {
  const busy: LibrariesReport = { ...report, cases: [{ ...report.cases[0]!, outcomes: [outcome('lease', 9, 2600)] }] };
  const markdown = renderLibrariesMarkdown(busy);
  expect(markdown).toContain('| lease (ours) * | 9 | no | – |');
  expect(markdown).toContain('in 1 of 1 runs a process waited');
  expect(markdown).not.toContain('- Cold calls');
});

test('a subject that ended its process has that as its row', () => {
  const problem = 'the process ended: Error: boom';
  const ended = { subject: 'cacheable', facts: null, problem, starvedMs: null, finding: problem };
  const markdown = renderLibrariesMarkdown({ ...report, cases: [{ ...report.cases[0]!, outcomes: [ended] }] });
  expect(markdown).toContain('| cacheable 2.5.0 | the process ended: Error: boom |  |  |');
  expect(markdown).toContain('- Cold calls: cacheable 2.5.0: the process ended: Error: boom.');
});
