import axe from 'axe-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HOSTILE } from '../fixtures/hostile.ts';
import { makeComparison, makeLargeComparison, makeRun } from '../fixtures/make-fixture.ts';
import { renderHtml } from './render.ts';
import { CHROMIUM, NO_CHROMIUM, ReportBrowser } from './test-support.ts';

const RUN = makeRun();
const run = renderHtml(RUN);
const comparison = renderHtml(
  makeComparison({ durationMs: 30_000, fault: { fromMs: 10_000, toMs: 18_000 }, profiles: ['hot-key', 'flash-sale'] }),
);
const hostileRun = renderHtml(makeRun({ durationMs: 20_000, fault: { fromMs: 8000, toMs: 12_000 }, hostile: HOSTILE }));
const hostileComparison = renderHtml(
  makeComparison({
    durationMs: 12_000,
    fault: { fromMs: 4000, toMs: 6000 },
    hostile: HOSTILE,
    defences: ['cache-aside', 'lock-wait'],
  }),
);
const large = renderHtml(
  makeLargeComparison(24, {
    durationMs: 20_000,
    fault: { fromMs: 8000, toMs: 12_000 },
    profiles: ['hot-key', 'mass-expiry'],
  }),
);
const pages = [
  ['a run', run],
  ['a comparison', comparison],
  ['a hostile run', hostileRun],
  ['a hostile comparison', hostileComparison],
] as const;

describe.skipIf(CHROMIUM === null)(`in a browser${CHROMIUM === null ? ` (skipped: ${NO_CHROMIUM})` : ''}`, () => {
  let browser: ReportBrowser;
  beforeAll(async () => {
    browser = await ReportBrowser.start();
  });
  afterAll(async () => {
    await browser[Symbol.asyncDispose]();
  });

  test.each(pages)('%s opens from disk without a request, an error or a policy violation', async (_, html) => {
    const { page, troubles } = await browser.open(html);
    expect(await page.locator('svg[role=img]').count()).toBeGreaterThan(1);
    expect(await page.locator('h1').count()).toBe(1);
    // The style was allowed by its hash: without it the body has the browser's margin.
    expect(await page.evaluate('getComputedStyle(document.body).marginTop')).toBe('0px');
    expect(await page.evaluate('window.pwned')).toBeUndefined();
    expect(await page.locator('img, [onload], [onerror], [style], a[href^="javascript"]').count()).toBe(0);
    expect(await page.locator('script').count()).toBe(2);
    expect(troubles).toEqual([]);
    await page.context().close();
  });

  test('hostile text is shown as it was written', async () => {
    const { page } = await browser.open(hostileRun);
    const text = await page.locator('body').innerText();
    expect(text).not.toMatch(/[\u202a-\u202e]/);
    for (const part of [
      '</script><script>window.pwned=1</script>',
      '<img src=x onerror="window.pwned=2">',
      ']]>',
      '{{7*7}}',
    ])
      expect(text).toContain(part);
    await page.context().close();
  });

  test('fault bands stand at the times at which the fault acted, in every panel', async () => {
    const { page } = await browser.open(run);
    const panels = page.locator('#stack figure .plot');
    expect(await panels.count()).toBe(8);
    for (const panel of await panels.all()) {
      const plot = (await panel.boundingBox())!;
      const band = (await panel.locator('rect.band').boundingBox())!;
      expect((band.x - plot.x) / plot.width).toBeCloseTo(28 / 60, 3);
      expect(band.width / plot.width).toBeCloseTo(10 / 60, 3);
      expect(band.height).toBeGreaterThan(10);
    }
    await page.context().close();
  });

  test('lines are drawn where their values are: the database peaks inside the band', async () => {
    const { page } = await browser.open(run);
    const box = await page.locator('#panel-db path.l').boundingBox();
    const plot = (await page.locator('#panel-db .plot').boundingBox())!;
    expect(box!.width / plot.width).toBeGreaterThan(0.97);
    expect(box!.height).toBeGreaterThan(80);
    await page.context().close();
  });

  test('the cursor moves by keyboard through all panels and reads the values', async () => {
    const { page } = await browser.open(run);
    const range = page.getByRole('slider', { name: 'Moment in the run' });
    await range.focus();
    await page.keyboard.press('Home');
    for (let i = 0; i < 4; i++) await page.keyboard.press('ArrowRight');
    // Fifth step of 250 ms: its middle is 1.125 s.
    expect(await page.locator('#stack output').first().innerText()).toBe('1.1 s');
    const value = RUN.slots.offered[4]! * 4;
    expect(await page.locator('#panel-rate .at').innerText()).toContain(`offered = sent ${value}/s`);
    expect(await range.getAttribute('aria-valuetext')).toMatch(/^1\.1 s, offered = sent/);
    const lines = page.locator('#stack figure line.cur');
    expect(await lines.count()).toBe(8);
    for (const line of await lines.all())
      expect(Number.parseFloat((await line.getAttribute('x1'))!)).toBeCloseTo((100 * 1.125) / 60, 1);
    await page.context().close();
  });

  test('the pointer moves the cursor, and a click makes a link to the moment', async () => {
    const { page } = await browser.open(run);
    const plot = page.locator('#panel-db .plot');
    await plot.scrollIntoViewIfNeeded();
    const box = (await plot.boundingBox())!;
    await page.mouse.click(box.x + box.width / 2, box.y + 40);
    expect(await page.locator('#stack output').first().innerText()).toMatch(/^(29\.9|30\.1) s$/);
    expect(new URL(page.url()).hash).toMatch(/^#stack=(29\.9|30\.1)$/);
    await page.context().close();
    const again = await browser.open(run, {}, '#stack=33');
    expect(await again.page.locator('#stack output').first().innerText()).toMatch(/^(32\.9|33\.1) s$/);
    await again.page.context().close();
  });

  test('sorting sets aria-sort and orders by the exact value, unknown last', async () => {
    const { page } = await browser.open(comparison);
    const head = page.locator('#s1-table thead tr:last-child th').nth(1);
    await head.getByRole('button').click();
    expect(await head.getAttribute('aria-sort')).toBe('ascending');
    const order = (): Promise<string[]> =>
      page
        .locator('#s1-table tbody tr td:nth-child(2)')
        .evaluateAll((cells) => cells.map((c) => (c as unknown as { title: string }).title));
    const up = (await order()).map(Number);
    expect(up).toEqual([...up].sort((a, b) => a - b));
    await head.getByRole('button').click();
    expect(await head.getAttribute('aria-sort')).toBe('descending');
    expect((await order()).map(Number)).toEqual([...up].reverse());
    await page.locator('#s1-table thead tr:last-child th').nth(2).getByRole('button').click();
    expect(await head.getAttribute('aria-sort')).toBeNull();
    await page.context().close();
  });

  test('a table is copied as CSV with exact values', async () => {
    const { page } = await browser.open(run, { permissions: ['clipboard-read', 'clipboard-write'] });
    await page.locator('#operations .copy').click();
    await page.locator('#operations .copy', { hasText: 'Copied' }).waitFor();
    const text = await page.evaluate<string>('navigator.clipboard.readText()');
    expect(text.split('\n')[0]).toBe('Operation,Requests,Errors %,p50 ms,p90 ms,p99 ms,p99.9 ms,max ms');
    expect(text.split('\n')[1]).toMatch(/^read-item,\d{5},[\d.]+,/);
    await page.context().close();
  });

  test('a link into something folded opens it', async () => {
    const { page } = await browser.open(run, {}, '#measure-latency-p99');
    expect(await page.locator('#measure-latency-p99').isVisible()).toBe(true);
    await page.context().close();
  });

  test('light and dark follow the system, and the switch turns them', async () => {
    const { page } = await browser.open(run, { colorScheme: 'dark' });
    const background = (): Promise<unknown> => page.evaluate('getComputedStyle(document.body).backgroundColor');
    expect(await background()).toBe('rgb(17, 20, 24)');
    await page.getByRole('button', { name: 'Switch to light colours' }).click();
    expect(await background()).toBe('rgb(251, 251, 249)');
    await page.getByRole('button', { name: 'Switch to dark colours' }).click();
    expect(await background()).toBe('rgb(17, 20, 24)');
    await page.context().close();
  });

  test.each(pages.slice(0, 2))('%s is complete without JavaScript', async (_, html) => {
    const { page, troubles } = await browser.open(html, { javaScriptEnabled: false });
    expect(await page.locator('svg[role=img]').count()).toBeGreaterThan(4);
    expect(await page.locator('table').count()).toBeGreaterThan(3);
    expect(await page.locator('button, input').count()).toBe(0);
    const fold = page.locator('details.series').first();
    await fold.locator('summary').click();
    expect(await fold.locator('table').isVisible()).toBe(true);
    expect(troubles).toEqual([]);
    await page.context().close();
  });

  test.each(pages)('%s does not scroll sideways at 360 px', async (_, html) => {
    const { page } = await browser.open(html, { viewport: { width: 360, height: 780 } });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
    await page.context().close();
  });

  test('24 contenders on a phone: the names stay while the figures scroll, and no run is a tall row', async () => {
    const { page } = await browser.open(large, { viewport: { width: 390, height: 844 } });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
    const box = page.locator('.scroll:has(> #s1-table)');
    await box.evaluate('(element) => { element.scrollLeft = 600; }');
    const [frame, name] = [(await box.boundingBox())!, (await page.locator('#s1-row-lock-wait > th').boundingBox())!];
    expect(name.x).toBeCloseTo(frame.x, -1);
    expect(name.width).toBeLessThan(frame.width / 2);
    for (const row of (await page.locator('#runs tbody tr').all()).slice(0, 6))
      expect((await row.boundingBox())!.height).toBeLessThan(70);
    await page.context().close();
  });

  test('24 contenders fit a sheet of paper laid across', async () => {
    const { page } = await browser.open(large, { viewport: { width: 1017, height: 700 } });
    await page.emulateMedia({ media: 'print' });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(1017);
    await page.context().close();
  });

  test('print is light, without controls, and fits the paper', async () => {
    const { page } = await browser.open(run, { colorScheme: 'dark' });
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    expect(await page.evaluate('getComputedStyle(document.documentElement).getPropertyValue("--bg").trim()')).toBe(
      '#fbfbf9',
    );
    expect(await page.locator('.scrub, .btn').evaluateAll((all) => all.length)).toBeGreaterThan(2);
    for (const control of await page.locator('.scrub, .btn').all()) expect(await control.isVisible()).toBe(false);
    await page.setViewportSize({ width: 700, height: 1000 });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(700);
    expect((await page.pdf({ format: 'A4' })).subarray(0, 5).toString()).toBe('%PDF-');
    await page.context().close();
  });

  describe('axe finds no violation', () => {
    for (const [name, html] of [...pages.slice(0, 2), ['24 contenders', large] as const])
      for (const colorScheme of ['light', 'dark'] as const)
        test(`${name}, ${colorScheme}`, async () => {
          const { page } = await browser.open(html, { colorScheme });
          await page.evaluate('document.querySelectorAll("details").forEach((d) => { d.name = ""; d.open = true; })');
          await page.evaluate(axe.source);
          const violations = await page.evaluate<string[]>(
            'axe.run(document).then((r) => r.violations.map((v) => v.id + ": " + v.nodes.slice(0, 3).map((n) => n.html.slice(0, 120) + " " + n.failureSummary).join(" | ")))',
          );
          expect(violations).toEqual([]);
          await page.context().close();
        });
  });
});
