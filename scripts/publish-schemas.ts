/** Writes the published JSON Schemas: `npm run schemas`. Tests tell when one is out of date. */
import { writeFileSync } from 'node:fs';
import { configJsonSchema } from '../harness/plan/config-schema.ts';
import { resultJsonSchema } from '../harness/results/schema.ts';

function publish(file: string, schema: unknown): void {
  writeFileSync(new URL(`../harness/${file}`, import.meta.url), `${JSON.stringify(schema, null, 2)}\n`);
}

publish('results/result.schema.json', resultJsonSchema());
publish('plan/config.schema.json', configJsonSchema());
