/**
 * The document around a report: one file that opens from disk and asks nobody for anything. The content security
 * policy allows exactly this style and this script, by their hashes; data is text in a block that never runs.
 */
import { createHash } from 'node:crypto';
import { html as esc } from 'ghtml';
import { SCRIPT } from './script.ts';
import { STYLE } from './style.ts';

export interface Page {
  title: string;
  /** What stands at the top: left, middle, right. */
  top: { left: string; middle: string; right: string };
  /** Markup of the sections. */
  body: string;
  /** For the script. */
  data: unknown;
  version: string;
}

/** Characters that would turn text around or hide it; line breaks and tabs stay. */
const UNSEEN = /(?![\n\t])\p{Cc}|[\u202a-\u202e\u2066-\u2069]/gu;

/** The whole document. */
export function renderPage(page: Page): string {
  const policy = `default-src 'none'; style-src '${hash(STYLE)}'; script-src '${hash(SCRIPT)}'; base-uri 'none'; form-action 'none'`;
  return esc`<!doctype html><html lang="en"><head>
<meta charset="utf-8"/><meta http-equiv="Content-Security-Policy" content="${policy}"/><meta name="viewport" content="width=device-width,initial-scale=1"/><meta name="generator" content="Cachequake ${page.version}"/>
<title>${page.title}</title>
<style>!${STYLE}</style></head>
<body><a class="skip" href="#main">To the findings</a><header class="top"><div><span><b>Cachequake</b> · ${page.top.left}</span><span>${page.top.middle}</span><span>${page.top.right}</span></div></header><main id="main">!${uniqueIds(page.body)}</main><script type="application/json" id="data">!${embedJson(page.data)}</script><script>!${SCRIPT}</script></body></html>`.replace(
    UNSEEN,
    '\ufffd',
  );
}

/**
 * Gives the second of two equal ids a number: different names can give the same slug. Text never matches, because
 * its quotes are escaped.
 */
function uniqueIds(markup: string): string {
  const seen = new Map<string, number>();
  return markup.replace(/ id="([^"]+)"/g, (whole, id: string) => {
    const times = (seen.get(id) ?? 0) + 1;
    seen.set(id, times);
    return times === 1 ? whole : ` id="${id}-${times}"`;
  });
}

/** JSON that can stand inside a script element: no text in it can end the element or open a comment. */
export function embedJson(data: unknown): string {
  return JSON.stringify(data, (_, value: unknown) =>
    typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value,
  )
    .replace(/</g, '\\u003c')
    .replace(/>/g, '\\u003e')
    .replace(/&/g, '\\u0026')
    .replace(/\u2028/g, '\\u2028')
    .replace(/\u2029/g, '\\u2029');
}

function hash(text: string): string {
  return `sha256-${createHash('sha256').update(text, 'utf8').digest('base64')}`;
}
