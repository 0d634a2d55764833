import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { configJsonSchema } from './config-schema.ts';

test('the published schema is current; `npm run schemas` writes it', () => {
  const published = JSON.parse(readFileSync(new URL('./config.schema.json', import.meta.url), 'utf8')) as unknown;
  expect(published).toEqual(JSON.parse(JSON.stringify(configJsonSchema())));
});
