import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readConfig } from './read-config.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cachequake-config-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('without a file there is an empty config', async () => {
  expect(await readConfig(folder)).toEqual({ path: null, content: {} });
});

test('TypeScript and JSON are read, and $schema is passed over', async () => {
  writeFileSync(join(folder, 'other.json'), '{ "$schema": "x", "seed": 2 }');
  expect((await readConfig(folder, 'other.json')).content).toEqual({ seed: 2 });
  writeFileSync(join(folder, 'cachequake.config.ts'), 'const seed: number = 3; export default { seed };');
  expect((await readConfig(folder)).content).toEqual({ seed: 3 });
});

test('a wrong file is named, with its line', async () => {
  writeFileSync(join(folder, 'cachequake.config.json'), '{\n  "seed": 1,\n  oops\n}');
  await expect(readConfig(folder)).rejects.toMatchObject({
    code: 'BAD_CONFIG',
    message: expect.stringMatching(/config\.json, line 3/),
  });
  await expect(readConfig(folder, 'missing.json')).rejects.toThrow(/not found/);
  writeFileSync(join(folder, 'list.json'), '[]');
  await expect(readConfig(folder, 'list.json')).rejects.toThrow(/must hold an object/);
});
