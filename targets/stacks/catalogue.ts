/** What to begin with for a shop's catalogue. */
import { defineStack } from '../../harness/contract/named-stack.ts';

export default defineStack({
  id: 'catalogue',
  title: 'For a catalogue',
  for: 'many products, a long tail, loaded together after a deploy or a warm-up; a minute of age does no harm',
  prose:
    'The danger is not one key but all of them at once. Jitter spreads the expiries of what was loaded together; ' +
    'stale-while-revalidate answers with the old page while it is made anew, so that an expiry is nobody’s wait; ' +
    'single-flight makes one load of each cold page in an instance; negative-cache keeps crawlers on deleted products ' +
    'away from the database; the bulkhead bounds what it carries when the whole cache is cold, and sheds the rest. No ' +
    'lock: a page of the long tail is rarely wanted by two instances in the same moment, and a lock would cost two ' +
    'more operations for every load. Not defended: a scan of ever new ids, for which there is bloom-filter, and the ' +
    'wait of a cold start, for which there is warm-up.',
  members: 'stale-while-revalidate+single-flight+negative-cache+bulkhead+jitter',
  parameters: { 'stale-while-revalidate': { swrMs: 60_000 }, jitter: { share: 0.2 } },
});
