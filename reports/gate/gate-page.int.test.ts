import axe from 'axe-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HOSTILE } from '../fixtures/hostile.ts';
import { CHROMIUM, NO_CHROMIUM, ReportBrowser } from '../html/test-support.ts';
import { makeGate } from './fixture.ts';
import { renderGateHtml } from './gate-page.ts';

const GATE = makeGate({ kind: 'regressed' });
const regressed = renderGateHtml(GATE);
const pages = [
  ['a regression', regressed],
  ['a pass', renderGateHtml(makeGate())],
  ['an undecided one', renderGateHtml(makeGate({ kind: 'undecided' }))],
  ['one against a baseline', renderGateHtml(makeGate({ kind: 'baseline' }))],
  ['a hostile one', renderGateHtml(makeGate({ kind: 'undecided', hostile: HOSTILE }))],
] as const;

describe.skipIf(CHROMIUM === null)(
  `a gate in a browser${CHROMIUM === null ? ` (skipped: ${NO_CHROMIUM})` : ''}`,
  () => {
    let browser: ReportBrowser;
    beforeAll(async () => {
      browser = await ReportBrowser.start();
    });
    afterAll(async () => {
      await browser[Symbol.asyncDispose]();
    });

    test.each(pages)('%s opens from disk without a request or an error, and fits a phone', async (_, html) => {
      const { page, troubles } = await browser.open(html, { viewport: { width: 390, height: 844 } });
      expect(await page.locator('svg[role=img]').count()).toBeGreaterThan(5);
      expect(await page.evaluate('getComputedStyle(document.body).marginTop')).toBe('0px');
      expect(await page.evaluate('window.pwned')).toBeUndefined();
      expect(await page.locator('img, [onload], [onerror], [style]').count()).toBe(0);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
      expect(troubles).toEqual([]);
      await page.context().close();
    });

    test('marks and bands of the forest stand where their figures are', async () => {
      const { page } = await browser.open(regressed);
      const plot = (await page.locator('#forest-1 .plot').boundingBox())!;
      // Two ticks give the axis: pixels for each per cent, and where 0 is.
      const ticks = await page.locator('#forest-1 text.t.m').evaluateAll((all) =>
        all.map((one) => {
          const box = (
            one as unknown as { getBoundingClientRect(): { x: number; width: number } }
          ).getBoundingClientRect();
          const text = (one as unknown as { textContent: string }).textContent;
          return { value: Number.parseFloat(text.replace('−', '-').replace('+', '')), x: box.x + box.width / 2 };
        }),
      );
      const [first, last] = [ticks[0]!, ticks.at(-1)!];
      const perPercent = (last.x - first.x) / (last.value - first.value);
      const zero = first.x - first.value * perPercent;
      const band = (await page.locator('#forest-1 rect.tol').first().boundingBox())!;
      expect(band.x).toBeCloseTo(zero - 5 * perPercent, -1);
      expect(band.width).toBeCloseTo(10 * perPercent, -1);
      const shown = GATE.measures.filter((m) => m.outcome === 'regressed');
      for (const [i, measure] of shown.entries()) {
        const mark = (await page.locator('#forest-1 svg > path.pt').nth(i).boundingBox())!;
        expect(Math.abs(mark.x + mark.width / 2 - zero - measure.effect! * 100 * perPercent)).toBeLessThan(2);
        expect(mark.x).toBeGreaterThan(plot.x);
      }
      await page.context().close();
    });

    test('the cursor goes from pair to pair by keyboard and reads both sides', async () => {
      const { page } = await browser.open(regressed);
      const range = page.getByRole('slider', { name: 'Pair' });
      await range.focus();
      await page.keyboard.press('Home');
      for (let i = 0; i < 3; i++) await page.keyboard.press('ArrowRight');
      expect(await page.locator('#pairs-stack output').innerText()).toBe('pair 1');
      const said = await page.locator('#pairs-latency-p99 .at').innerText();
      expect(said).toMatch(/^difference [\d.]+ % · base [\d.]+ ms · candidate [\d.]+ ms$/);
      await page.getByRole('slider', { name: 'Percentile' }).focus();
      await page.keyboard.press('End');
      expect(await page.locator('#shift-stack output').innerText()).toBe('p99.9');
      await page.context().close();
    });

    test.each(pages.slice(0, 4))('%s is complete without JavaScript', async (_, html) => {
      const { page, troubles } = await browser.open(html, { javaScriptEnabled: false });
      expect(await page.locator('button, input').count()).toBe(0);
      const fold = page.locator('details.series').first();
      await fold.locator('summary').click();
      expect(await fold.locator('table').isVisible()).toBe(true);
      expect(troubles).toEqual([]);
      await page.context().close();
    });

    test('print is light and every column is on the paper', async () => {
      const { page } = await browser.open(regressed, { colorScheme: 'dark', viewport: { width: 700, height: 1000 } });
      await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
      expect(await page.evaluate('getComputedStyle(document.documentElement).getPropertyValue("--bg").trim()')).toBe(
        '#fbfbf9',
      );
      const table = (await page.locator('#measures').boundingBox())!;
      expect(table.x + table.width).toBeLessThanOrEqual(700);
      expect((await page.pdf({ format: 'A4' })).subarray(0, 5).toString()).toBe('%PDF-');
      await page.context().close();
    });

    describe('axe finds no violation', () => {
      for (const [name, html] of pages.slice(0, 4))
        for (const colorScheme of ['light', 'dark'] as const)
          test(`${name}, ${colorScheme}`, async () => {
            const { page } = await browser.open(html, { colorScheme });
            await page.evaluate('document.querySelectorAll("details").forEach((d) => { d.open = true; })');
            await page.evaluate(axe.source);
            const violations = await page.evaluate<string[]>(
              'axe.run(document).then((r) => r.violations.map((v) => v.id + ": " + v.nodes.slice(0, 3).map((n) => n.html.slice(0, 120) + " " + n.failureSummary).join(" | ")))',
            );
            expect(violations).toEqual([]);
            await page.context().close();
          });
    });
  },
);
