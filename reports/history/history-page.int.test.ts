import axe from 'axe-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CHROMIUM, NO_CHROMIUM, ReportBrowser } from '../html/test-support.ts';
import { makeEntries } from './fixture.ts';
import { renderHistoryHtml } from './history-page.ts';
import { historyOf } from './history.ts';

const html = renderHistoryHtml(
  historyOf(
    [
      ...makeEntries({
        levels: [
          [30, 20],
          [20, 26],
          [14, 22],
        ],
      }),
      ...makeEntries({ levels: [[4, 30]], machine: 'other' }),
      ...makeEntries({ levels: [[1, 30]], ratePerSec: 900 }),
    ],
    {
      measure: { id: 'latency.p99', title: 'p99 latency', unit: 'ms', better: 'lower', evidence: 'time' },
      phase: 'run',
      since: null,
      permutations: 499,
    },
  ),
  {
    version: '0.1.0',
    unreadable: [{ file: 'broken/result.json', reason: 'is not JSON' }],
    command: 'cachequake history',
  },
);

describe.skipIf(CHROMIUM === null)(
  `a history in a browser${CHROMIUM === null ? ` (skipped: ${NO_CHROMIUM})` : ''}`,
  () => {
    let browser: ReportBrowser;
    beforeAll(async () => {
      browser = await ReportBrowser.start();
    });
    afterAll(async () => {
      await browser[Symbol.asyncDispose]();
    });

    test('it opens from disk without a request or an error, fits a phone, and is whole without JavaScript', async () => {
      const { page, troubles } = await browser.open(html, {
        viewport: { width: 390, height: 844 },
        javaScriptEnabled: false,
      });
      expect(await page.locator('svg[role=img]').count()).toBe(2);
      expect(await page.locator('table').count()).toBe(4);
      expect(troubles).toEqual([]);
      await page.context().close();
      const scripted = await browser.open(html, { viewport: { width: 390, height: 844 } });
      expect(await scripted.page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
      expect(scripted.troubles).toEqual([]);
      await scripted.page.context().close();
    });

    test('changes are marked where they are, and the cursor reads each result', async () => {
      const { page } = await browser.open(html);
      const plot = (await page.locator('#chart-1 .plot').boundingBox())!;
      const mark = (await page.locator('#chart-1 line.limit').first().boundingBox())!;
      expect((mark.x - plot.x) / plot.width).toBeCloseTo(30 / 64, 2);
      await page.getByRole('slider', { name: 'Result' }).first().focus();
      await page.keyboard.press('End');
      expect(await page.locator('#chart-1-stack output').innerText()).toBe('2026-03-05 12:00');
      expect(await page.locator('#chart-1 .at').innerText()).toMatch(/^[\d.]+ ms$/);
      await page.context().close();
    });

    test.each(['light', 'dark'] as const)('axe finds no violation, %s', async (colorScheme) => {
      const { page } = await browser.open(html, { colorScheme });
      await page.evaluate('document.querySelectorAll("details").forEach((d) => { d.open = true; })');
      await page.evaluate(axe.source);
      const violations = await page.evaluate<string[]>(
        'axe.run(document).then((r) => r.violations.map((v) => v.id + ": " + v.nodes.slice(0, 3).map((n) => n.html.slice(0, 120) + " " + n.failureSummary).join(" | ")))',
      );
      expect(violations).toEqual([]);
      await page.context().close();
    });
  },
);
