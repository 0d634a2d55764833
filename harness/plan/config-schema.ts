/** The JSON Schema of `cachequake.config.json`, so that editors complete and check it. */
import { z } from 'zod';
import { settingsSchema } from './settings.ts';

/** Published as `config.schema.json`; name it with `"$schema"` in the config. */
export function configJsonSchema(): object {
  const schema = z.toJSONSchema(settingsSchema, { io: 'input' });
  return {
    ...schema,
    title: 'Cachequake settings',
    properties: { $schema: { type: 'string' }, ...schema.properties },
  };
}
