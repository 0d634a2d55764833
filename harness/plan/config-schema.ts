/** The JSON Schema of `cachequake.config.json`, so that editors complete and check it. */
import { z } from 'zod';
import { gateSettingsSchema } from './gate-settings.ts';
import { ownTargetSchema } from './own-target.ts';
import { settingsSchema } from './settings.ts';

/** Published as `config.schema.json`; name it with `"$schema"` in the config. */
export function configJsonSchema(): object {
  const schema = z.toJSONSchema(settingsSchema, { io: 'input' });
  return {
    ...schema,
    title: 'Cachequake settings',
    properties: {
      $schema: { type: 'string' },
      ...schema.properties,
      target: section(ownTargetSchema, 'a service of your own, in place of the reference shop'),
      gate: section(gateSettingsSchema, 'settings of `cachequake gate`'),
    },
  };
}

function section(of: z.ZodType, description: string): object {
  const { $schema: _, ...schema } = z.toJSONSchema(of, { io: 'input' });
  return { description, ...schema };
}
