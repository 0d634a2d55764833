import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { HOSTILE } from '../fixtures/hostile.ts';
import { makeComparison, makeRun } from '../fixtures/make-fixture.ts';
import { makeGate } from '../gate/fixture.ts';
import { renderHistoryCsv, renderHistoryJson } from './data.ts';
import { entriesOf } from './entries.ts';
import { makeEntries } from './fixture.ts';
import { renderHistoryHtml } from './history-page.ts';
import { historyOf } from './history.ts';
import type { History } from './history.ts';
import { renderHistoryText } from './text.ts';

const P99 = { id: 'latency.p99', title: 'p99 latency', unit: 'ms', better: 'lower', evidence: 'time' } as const;
const asked = { measure: P99, phase: 'run', since: null, permutations: 499 } as const;
const page = { version: '0.1.0', unreadable: [], command: 'cachequake history results' } as const;
const plain = { colour: false, width: 100 };

test('a shift is found, told as worse, with medians and the results around it', () => {
  const history = historyOf(
    makeEntries({
      levels: [
        [12, 20],
        [12, 26],
      ],
    }),
    asked,
  );
  expect(history.groups.length).toBe(1);
  const [group] = history.groups;
  expect(group!.changes.length).toBe(1);
  const change = group!.changes[0]!;
  expect(change).toMatchObject({ index: 12, worse: true });
  expect(Math.abs(change.before - 20)).toBeLessThan(1);
  expect(Math.abs(change.after - 26)).toBeLessThan(1.3);
  const text = renderHistoryText(history, plain);
  expect(text).toMatch(/^p99 latency changed once to the worse, in 1.experiment/);
  expect(text).toMatch(/✕ worse from 2026-01-13 12:00: [\d.]+.ms to [\d.]+.ms, \+\d\d.% \(p = 0\.002\)/);
  expect(text).toContain('last before  run-fixture-500-11, commit –');
  expect(text).toContain('first after  run-fixture-500-12, commit –');
  expect(text).toMatch(/[▁▂▃]{12}│[▅▆▇█]{12}\n/);
});

test('results come in any order; a change for the better is none to the worse', () => {
  const entries = makeEntries({
    levels: [
      [12, 26],
      [12, 20],
    ],
  }).reverse();
  const history = historyOf(entries, asked);
  expect(history.groups[0]!.points[0]!.runId).toBe('run-fixture-500-0');
  expect(history.groups[0]!.changes).toMatchObject([{ index: 12, worse: false }]);
  expect(renderHistoryText(history, plain)).toMatch(/changed once, none to the worse.*★ better from/s);
});

test('machines and parameters are kept apart, and named where they differ; the worst comes first', () => {
  const history = historyOf(
    [
      ...makeEntries({ levels: [[24, 20]] }),
      ...makeEntries({
        levels: [
          [12, 40],
          [12, 55],
        ],
        machine: 'other',
        seed: 2,
      }),
      ...makeEntries({ levels: [[3, 90]], ratePerSec: 1000, seed: 3 }),
    ],
    asked,
  );
  expect(history.groups.map((group) => [group.machine.fingerprint, group.points.length, group.changes.length])).toEqual(
    [
      ['other', 24, 1],
      ['fixture', 24, 0],
      ['fixture', 3, 0],
    ],
  );
  expect(history.groups[2]!.differs).toContain('ratePerSec 1000');
  expect(renderHistoryText(history, plain)).toContain('ratePerSec 1000');
  expect(renderHistoryText(history, plain)).toMatch(/3.results .*a change can be told from 10 results on/);
});

test('seeds, words and judgements make no other experiment; what is not set does neither', () => {
  const run = makeRun({ durationMs: 4000, fault: null });
  const other = structuredClone(run);
  Object.assign(other.plan, { seed: 7, thresholds: ['p99<1ms'], checks: [], readReplica: undefined, study: undefined });
  other.plan.profile.prose = 'other words';
  expect(entriesOf(other, 'b')[0]!.key).toBe(entriesOf(run, 'a')[0]!.key);
  other.plan.instances = 3;
  expect(entriesOf(other, 'b')[0]!.key).not.toBe(entriesOf(run, 'a')[0]!.key);
});

test('a comparison gives each of its runs, a gate its candidate with the commit, and never in one group', () => {
  const comparison = entriesOf(
    makeComparison({ durationMs: 4000, fault: null, defences: ['xfetch', 'lock-wait'] }),
    'c',
  );
  expect(comparison.map((entry) => entry.title)).toEqual(['hot-key, xfetch', 'hot-key, lock-wait']);
  const gate = makeGate({ kind: 'regressed' });
  const [entry] = entriesOf(gate, 'g');
  expect(entry!.title).toBe('hot-key, single-flight (gate, alternating)');
  expect(entry!.commit).toBe('9f8e7d6c5b4a39281706f5e4d3c2b1a098765432-dirty');
  expect(entry!.measures['run']!['latency.p99']).toBeCloseTo(
    gate.measures.find((m) => m.id === 'latency.p99')!.candidate!,
  );
  expect(entriesOf({ ...gate, trials: [] }, 'g')).toEqual([]);
  const text = renderHistoryText(historyOf([entry!], asked), plain);
  expect(text).toContain('one result, 2026-01-01: 33');
  expect(text).toContain('Too few results to tell a change');
});

test('what is left out is counted by reason', () => {
  const entries = makeEntries({ levels: [[12, 20]] });
  entries[0]!.usable = false;
  entries[1]!.measures['run']!['latency.p99'] = null;
  const since = Date.UTC(2026, 0, 5);
  const history = historyOf([...entries, entries[11]!], { ...asked, since });
  expect(history.leftOut).toEqual({ unusable: 0, withoutMeasure: 0, earlier: 4, repeated: 1 });
  expect(historyOf(entries, asked).leftOut).toEqual({ unusable: 1, withoutMeasure: 1, earlier: 0, repeated: 0 });
  expect(renderHistoryText(historyOf(entries, asked), plain)).toMatch(/1.result left out: partial, or not valid/);
});

test('no value at all is said, and no output breaks', () => {
  const empty = historyOf(makeEntries({ levels: [[2, 20]] }), { ...asked, phase: 'during' });
  expect(renderHistoryText(empty, plain)).toContain('No result has a value of p99 latency during the fault');
  expect(renderHistoryHtml(empty, page)).toContain('No result has a value');
  expect(JSON.parse(renderHistoryJson(empty))).toMatchObject({ kind: 'history', groups: [] });
});

test('no line is wider than the terminal, also with many results, and colours only where they may be', () => {
  const history = historyOf(
    makeEntries({
      levels: [
        [150, 20],
        [150, 26],
        [20, 90],
      ],
    }),
    asked,
  );
  expect(history.groups[0]!.changes.length).toBe(2);
  for (const width of [120, 60, 40]) {
    const text = renderHistoryText(history, { colour: true, width });
    expect(text).toContain(String.fromCharCode(27));
    for (const line of stripVTControlCharacters(text).split('\n')) expect(line.length).toBeLessThanOrEqual(width);
  }
  expect(renderHistoryText(history, plain)).not.toContain(String.fromCharCode(27));
});

test('CSV has a line for each result and marks the first of a new level; JSON reads back whole', () => {
  const history = historyOf(
    makeEntries({
      levels: [
        [12, 20],
        [12, 26],
      ],
    }),
    asked,
  );
  const lines = renderHistoryCsv(history).trimEnd().split('\r\n');
  expect(lines.length).toBe(25);
  expect(lines[0]).toBe('group,experiment,machine,started_at,run_id,commit,measure,phase,unit,value,change');
  expect(lines.flatMap((line, i) => (line.endsWith(',worse') ? [i] : []))).toEqual([13]);
  expect(lines[1]).toContain(
    '"hot-key, lock-wait",fixture,2026-01-01T12:00:00.000Z,run-fixture-500-0,,latency.p99,run,ms,',
  );
  expect(JSON.parse(renderHistoryJson(history)) as History).toMatchObject({ groups: history.groups, measure: P99 });
});

test('the page: a chart for each experiment with its levels and marks, the changes in a table, ids unique', () => {
  const history = historyOf(
    [
      ...makeEntries({
        levels: [
          [12, 20],
          [12, 26],
        ],
      }),
      ...makeEntries({ levels: [[1, 30]], machine: 'other' }),
    ],
    asked,
  );
  const html = renderHistoryHtml(history, { ...page, unreadable: [{ file: 'a/result.json', reason: 'is not JSON' }] });
  const ids = [...html.matchAll(/ id="([^"]+)"/g)].map((m) => m[1]!);
  expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([]);
  for (const id of ['finding', 'changes', 'chart-1', 'others', 'unreadable', 'method']) expect(ids).toContain(id);
  expect(html.match(/<path class="dots[^>]*d="([^"]+)"/)![1]!.split('M').length - 1).toBe(24);
  expect(html).toMatch(/<line class="limit" x1="50%"/);
  expect(html).toContain('✕ worse +');
  expect(html.replace(/<(style|script)[\s\S]*?<\/\1>/g, '')).not.toMatch(/NaN|undefined|Infinity/);
});

test('a thousand results of forty experiments stay a page of 2 MB', () => {
  const entries = Array.from({ length: 40 }, (_, i) =>
    makeEntries({ levels: [[25, 20 + i]], machine: `machine-${i}`, seed: i }),
  ).flat();
  const html = renderHistoryHtml(historyOf(entries, { ...asked, permutations: 99 }), page);
  expect(Buffer.byteLength(html)).toBeLessThan(2_000_000);
});

test('hostile text stays text in every form', () => {
  const history = historyOf(makeEntries({ levels: [[3, 20]], hostile: HOSTILE }), asked);
  expect(renderHistoryText(history, plain)).not.toMatch(/\p{Cc}(?<!\n)/u);
  const html = renderHistoryHtml(history, page);
  expect(html.match(/<script/g)!.length).toBe(2);
  expect(html).not.toMatch(/<img|<svg onload/);
  expect(renderHistoryCsv(history)).not.toMatch(/(^|,)[=@]/m);
});
