/**
 * A Bloom filter: a set that may say "perhaps" for what is not in it, and never "no" for what is. For n keys and an
 * error rate p it takes m = −n·ln p / (ln 2)² bits and k = −log2 p hashes: 1 % costs 9.6 bits and 7 hashes.
 */

export interface BloomFilter {
  readonly bits: number;
  readonly hashes: number;
  /** Keys added so far, those added twice counted twice. */
  readonly added: number;
  add(key: string): void;
  /** False is certain. */
  mayHave(key: string): boolean;
}

/** FNV-1a from a given basis, with a last mixing so that neighbouring keys end far apart. */
function hash(key: string, basis: number): number {
  let h = basis;
  for (let i = 0; i < key.length; i++) {
    const unit = key.charCodeAt(i);
    h = Math.imul(h ^ (unit & 0xff), 0x01000193);
    h = Math.imul(h ^ (unit >>> 8), 0x01000193);
  }
  h ^= h >>> 16;
  h = Math.imul(h, 0x7feb352d);
  h ^= h >>> 15;
  h = Math.imul(h, 0x846ca68b);
  return (h ^ (h >>> 16)) >>> 0;
}

/**
 * Makes an empty filter.
 *
 * @param expectedKeys n: with more than these the error rate grows beyond `errorRate`; nothing else breaks
 * @param errorRate p, the share of absent keys that pass, in (0, 1)
 */
export function createBloomFilter(expectedKeys: number, errorRate: number): BloomFilter {
  const bits = Math.max(8, Math.ceil((-expectedKeys * Math.log(errorRate)) / Math.LN2 ** 2));
  const hashes = Math.max(1, Math.round(-Math.log2(errorRate)));
  const bytes = new Uint8Array(Math.ceil(bits / 8));
  let added = 0;

  /** Kirsch and Mitzenmacher 2006: two hashes make as many as are needed. */
  function some(key: string, test: (at: number) => boolean): boolean {
    const first = hash(key, 0x811c9dc5);
    // Unsigned: a bitwise or gives a signed number, and there is no bit before the first one.
    const second = (hash(key, 0x9747b28c) | 1) >>> 0;
    for (let i = 0; i < hashes; i++) if (test((first + i * second) % bits)) return true;
    return false;
  }

  return {
    bits,
    hashes,
    get added() {
      return added;
    },
    add(key) {
      added += 1;
      some(key, (at) => {
        bytes[at >> 3]! |= 1 << (at & 7);
        return false;
      });
    },
    mayHave: (key) => !some(key, (at) => (bytes[at >> 3]! & (1 << (at & 7))) === 0),
  };
}
