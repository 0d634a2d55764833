import { expect, test } from 'vitest';
import { seededRandom } from '../../harness/kit/random.ts';
import { createBoundedMap, EVICTIONS, type Eviction } from './_bounded-map.ts';

const mapOf = (eviction: Eviction, maxEntries = 3) =>
  createBoundedMap<number>({ maxEntries, eviction, random: seededRandom(7, 'evictions') });

/** Which of a, b, c is gone after d came, where a was read three times, b twice and c once, in this order. */
function evicted(eviction: Eviction): string {
  const map = mapOf(eviction);
  for (const key of ['a', 'b', 'c']) map.set(key, 1);
  for (const key of ['c', 'b', 'b', 'a', 'a', 'a', 'c']) map.get(key);
  map.set('d', 1);
  return ['a', 'b', 'c'].filter((key) => map.get(key) === undefined).join();
}

test('who goes is the one used longest ago, used least, first to come', () => {
  expect([evicted('lru'), evicted('lfu'), evicted('fifo')]).toEqual(['b', 'b', 'a']);
});

test('lfu keeps what was used often, though long ago; lru does not', () => {
  const kept = (eviction: Eviction): boolean => {
    const map = mapOf(eviction);
    map.set('old', 1);
    for (let i = 0; i < 50; i++) map.get('old');
    for (let i = 0; i < 10; i++) map.set(`new-${i}`, 1);
    return map.get('old') === 1;
  };
  expect([kept('lfu'), kept('lru'), kept('fifo')]).toEqual([true, false, false]);
});

test.each(EVICTIONS)('%s never holds more than it may, and gives back what was set last', (eviction) => {
  const map = mapOf(eviction, 20);
  const random = seededRandom(1, eviction);
  const model = new Map<string, number>();
  for (let step = 0; step < 5000; step++) {
    const key = `k${Math.floor(random.next() * 60)}`;
    const draw = random.next();
    if (draw < 0.5) {
      map.set(key, step);
      model.set(key, step);
    } else if (draw < 0.6) {
      expect(map.delete(key) && !model.delete(key)).toBe(false);
      model.delete(key);
    } else {
      const found = map.get(key);
      if (found !== undefined) expect(found).toBe(model.get(key));
    }
    expect(map.size).toBeLessThanOrEqual(20);
  }
  for (let i = 0; i < 20; i++) map.set(`last-${i}`, i);
  expect(map.size).toBe(20);
  map.clear();
  expect([map.size, map.get('k1')]).toEqual([0, undefined]);
  map.set('k1', 1);
  expect(map.get('k1')).toBe(1);
});

test('random spreads its choice over all', () => {
  const gone = new Set<string>();
  for (let round = 0; round < 40; round++) {
    const map = createBoundedMap<number>({ maxEntries: 3, eviction: 'random', random: seededRandom(round, 'draws') });
    for (const key of ['a', 'b', 'c', 'd']) map.set(key, 1);
    for (const key of ['a', 'b', 'c']) if (map.get(key) === undefined) gone.add(key);
  }
  expect([...gone].toSorted()).toEqual(['a', 'b', 'c']);
});
