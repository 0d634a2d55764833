import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { HOSTILE } from './fixtures/hostile.ts';
import { makeComparison, makeLargeComparison, makeRun } from './fixtures/make-fixture.ts';
import { renderTable } from './terminal.ts';

const short = { durationMs: 20_000, fault: { fromMs: 8000, toMs: 12_000 } };
const ESCAPE = String.fromCharCode(27);

test('a run: percentiles by phase, loads measured and predicted, recovery, verdict', () => {
  const text = renderTable(makeRun(short), { colour: false, width: 100 });
  expect(text).toMatch(/before\s+during\s+after\s+whole run/);
  expect(text).toMatch(/p99\.9( +[\d.,]+.m?s){4}/);
  expect(text).toMatch(/Loads per expiry {2}[\d.]+, predicted 24\.8/);
  expect(text).toMatch(/Recovery from redis-down {2}\d/);
  expect(text).toContain('✕ Fail: p99');
  expect(text).not.toContain(ESCAPE);
});

test('no line is wider than the terminal, and no defence is lost', () => {
  const result = makeComparison(short);
  for (const width of [100, 60, 40]) {
    const text = stripVTControlCharacters(renderTable(result, { colour: true, width }));
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(width);
    for (const run of result.runs) expect(text).toContain(run.plan.defence);
    expect(text.match(/^Verdict/gm)!.length).toBe(text.match(/^Loads per expiry/gm)!.length);
  }
});

test('what is unknown is said, and an invalid or interrupted run is not green', () => {
  const run = makeRun({ ...short, defence: 'lock-wait' });
  run.measures['during']!['latency.p99'] = null;
  run.validity = { valid: false, findings: [{ id: 'lag', ok: false, message: 'the generator lagged' }] };
  const text = renderTable(run, { colour: false, width: 100 });
  expect(text).toMatch(/p99 .*unknown/);
  expect(text).toContain('? Invalid');
  expect(text).toContain('the generator lagged');
  expect(text).not.toContain('✓');
  expect(renderTable({ ...run, partial: true }, { colour: false, width: 100 })).toContain('? Interrupted');
});

test('hostile text can not drive the terminal', () => {
  for (const result of [
    makeRun({ ...short, hostile: HOSTILE }),
    makeComparison({ ...short, hostile: HOSTILE, defences: ['xfetch'] }),
  ]) {
    const text = renderTable(result, { colour: false, width: 100 });
    expect(text).not.toMatch(/\p{Cc}(?<!\n)/u);
    expect(text).toContain('</script>');
  }
});

test('a sale: what it sold wrongly, how fast, and at which price; nothing of it where nobody sold', () => {
  const sale = { 'stock.oversold': 7, 'stock.lost': 0, 'stock.soldOutAfter': 1.5, 'stock.statementsPerOrder': 4.25 };
  const run = makeRun(short);
  const comparison = makeComparison(short);
  const options = { colour: false, width: 100 };
  for (const result of [run, comparison]) expect(renderTable(result, options)).not.toMatch(/Oversold|Sold out/);
  for (const one of [run, ...comparison.runs.slice(0, 1)]) {
    Object.assign(one.measures['run']!, sale);
    one.measureDefinitions.push({
      id: 'stock.soldOutAfter',
      title: '',
      unit: 's',
      better: 'lower',
      evidence: 'time',
    });
  }
  for (const result of [run, comparison]) {
    const text = renderTable(result, options);
    expect(text).toMatch(/^Oversold +7\b/m);
    expect(text).toMatch(/^Lost orders +0\b/m);
    expect(text).toMatch(/^Sold out after +1\.5\ss\b/m);
    expect(text).toMatch(/^ *Statements per order +4\.25\b/m);
    expect(text).not.toContain('Orders per second');
  }
});

test('many contenders are rows, and a prediction that was missed is marked', () => {
  const text = renderTable(makeLargeComparison(24, short), { colour: false, width: 100 });
  for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  expect(text).toMatch(/^lock-wait\+stale-serve-1 +1\.3 +1 ▲ \+30 % /m);
  expect(text).toContain('Cost: Redis memory');
  expect(text.match(/^xfetch\+jitter-5 /gm)!.length).toBe(text.match(/^lock-wait /gm)!.length);
});
