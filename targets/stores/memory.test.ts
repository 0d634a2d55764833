import { expect, test } from 'vitest';
import { createVirtualClock } from '../../harness/kit/virtual-clock.ts';
import { storeCases } from '../conformance/store-cases.ts';
import { createMemoryStore } from './memory.ts';

for (const { name, run } of storeCases)
  test(name, async () => {
    const clock = createVirtualClock();
    await clock.finish(run(createMemoryStore(clock, { delayMs: 0.2 }), clock));
  });

test('one operation takes one round trip', async () => {
  const clock = createVirtualClock();
  const store = createMemoryStore(clock, { delayMs: 3 });
  await clock.finish(store.get('k'));
  expect(clock.nowMs()).toBe(3);
});
