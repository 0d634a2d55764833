/** The baseline without a cache: what the database carries when every read reaches it. */
import { z } from 'zod';
import { defineDefence } from '../../harness/contract/defence.ts';

export default defineDefence({
  id: 'no-cache',
  layer: null,
  title: 'No cache',
  prose:
    'Every read asks the database; the store is neither read nor filled. It shows what the cache is worth, and what ' +
    'the database must carry on the day the cache is gone. It helps nothing: use it to compare against.',
  source: 'Baseline.',
  parameters: z.object({}),
  needs: [],
});
