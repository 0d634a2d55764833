/** Writes the published JSON Schema: `node harness/results/publish-schema.ts`. A test tells when it is out of date. */
import { writeFileSync } from 'node:fs';
import { resultJsonSchema } from './schema.ts';

writeFileSync(new URL('./result.schema.json', import.meta.url), `${JSON.stringify(resultJsonSchema(), null, 2)}\n`);
