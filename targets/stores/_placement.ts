/**
 * Which shard holds a key. Two answers that differ in one thing: what becomes of the other keys when a shard comes or
 * goes. A rule is a pure function of the shards' names, so that all instances place alike without asking anybody.
 */
export const PLACEMENTS = ['consistent', 'modulo'] as const;
export type PlacementRule = (typeof PLACEMENTS)[number];

/** Index of the shard that holds this key. */
export type Placement = (key: string) => number;

/**
 * FNV-1a over the UTF-16 units, with the finalizer of MurmurHash3 behind it: FNV alone leaves the high bits of short
 * texts that differ only at their end close together. 32 bits, unsigned.
 */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/**
 * `hash(key) mod n`: even, and nearly every key moves when n changes.
 *
 * @param shards how many; at least 1
 */
function moduloPlacement(shards: number): Placement {
  return (key) => hashOf(key) % shards;
}

/**
 * A ring on which each shard stands at many points; a key belongs to the next point after it. A shard that comes takes
 * its share evenly from all others, and nothing moves between those.
 *
 * @param names of the shards; a shard keeps its points as long as it keeps its name
 * @param points of each shard: more of them spread the keys more evenly (the deviation falls with their square root)
 * @see Karger et al., Consistent Hashing and Random Trees, STOC 1997
 */
function consistentPlacement(names: readonly string[], points: number): Placement {
  const ring: { at: number; shard: number }[] = [];
  for (const [shard, name] of names.entries())
    for (let point = 0; point < points; point++) ring.push({ at: hashOf(`${point}/${name}`), shard });
  // Two shards at one point are rare; the order of names decides, so that all instances agree.
  ring.sort((a, b) => a.at - b.at || a.shard - b.shard);
  const places = Uint32Array.from(ring, ({ at }) => at);
  const owners = Uint16Array.from(ring, ({ shard }) => shard);
  return (key) => {
    const hash = hashOf(key);
    let low = 0;
    let high = places.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (places[middle]! < hash) low = middle + 1;
      else high = middle;
    }
    return owners[low === places.length ? 0 : low]!;
  };
}

/** The placement of keys on these shards. */
export function placementOn(rule: PlacementRule, names: readonly string[], points: number): Placement {
  return rule === 'modulo' ? moduloPlacement(names.length) : consistentPlacement(names, points);
}

/** Share of sample keys, 0 to 1, that two placements put in different places. */
export function movedShare(before: Placement, after: Placement, samples = 10_000): number {
  let moved = 0;
  for (let i = 0; i < samples; i++) if (before(`sample:${i}`) !== after(`sample:${i}`)) moved += 1;
  return moved / samples;
}
