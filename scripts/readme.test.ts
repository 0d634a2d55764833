/** The README's defence is the one that is compiled and passes the conformance suite, and it is as short as it says. */
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { conformanceCases } from '../targets/conformance.ts';
import refreshAtHalf from '../targets/conformance/refresh-at-half.ts';

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
const shown = /<!-- defence: begin -->\n```ts\n([^]*?)```\n<!-- defence: end -->/.exec(read('README.md'))?.[1];

test('the defence in the README is the file that is tested, with its import as seen from the root', () => {
  expect(shown).toBe(read('targets/conformance/refresh-at-half.ts').replace('../../harness/', './harness/'));
});

test('it has under 30 lines', () => {
  expect(shown!.trimEnd().split('\n').length).toBeLessThan(30);
});

test.each(conformanceCases(refreshAtHalf))('it passes: $name', async ({ run }) => {
  await run();
});

test('every file that the README links to is there', () => {
  const links = [...read('README.md').matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, path]) => path!);
  expect(links.length).toBeGreaterThan(5);
  for (const path of links) expect(existsSync(new URL(`../${path}`, import.meta.url)), path).toBe(true);
});
