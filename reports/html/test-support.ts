/** Opens reports in the machine's Chromium for the tests: from disk, as people open them. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';

/** Path of a Chromium, or null where the machine has none; `CHROMIUM_PATH` names another. */
export const CHROMIUM: string | null =
  [process.env['CHROMIUM_PATH'], '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
    (path) => path !== undefined && existsSync(path),
  ) ?? null;

export const NO_CHROMIUM = 'no Chromium on this machine: install Debian’s chromium, or set CHROMIUM_PATH';

export interface OpenedReport {
  page: Page;
  /** Console errors, page errors and requests to anywhere but the file itself. */
  troubles: string[];
}

/** A browser with a folder for reports; disposing it ends the one and removes the other. */
export class ReportBrowser implements AsyncDisposable {
  readonly #browser: Browser;
  readonly #folder = mkdtempSync(join(tmpdir(), 'cachequake-report-'));
  #count = 0;

  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  static async start(): Promise<ReportBrowser> {
    const browser = await chromium.launch({
      executablePath: CHROMIUM!,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    });
    return new ReportBrowser(browser);
  }

  /** Writes the document to disk and opens it from there. */
  async open(html: string, options: BrowserContextOptions = {}, hash = ''): Promise<OpenedReport> {
    const file = join(this.#folder, `report-${this.#count++}.html`);
    writeFileSync(file, html);
    const url = pathToFileURL(file).href;
    const context = await this.#browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    const page = await context.newPage();
    const troubles: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') troubles.push(`console: ${message.text()}`);
    });
    page.on('pageerror', (error) => troubles.push(`error: ${error.message}`));
    page.on('dialog', (dialog) => {
      troubles.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on('request', (request) => {
      if (request.url().split('#')[0] !== url) troubles.push(`request: ${request.url()}`);
    });
    await page.goto(url + hash);
    return { page, troubles };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
