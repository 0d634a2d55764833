/**
 * Which key a request is about. A stream depends on the seed and its name alone, never on time or on answers, so the
 * same plan asks for the same keys in the same order whatever the target does.
 */
import { readFileSync } from 'node:fs';
import { HarnessError, messageOf } from '../contract/errors.ts';
import type { KeyStream } from '../contract/load.ts';
import { seededRandom } from '../kit/random.ts';
import { createPicker } from './weighted-pick.ts';
import { createZipf } from './zipf.ts';

/**
 * The source of a stream's keys: integers from 0. In a Zipf stream key 0 is the most popular.
 *
 * @param seed the run's seed
 * @param name names the random stream, for example `keys:0:read-item`
 * @throws HarnessError BAD_PARAMETER when the stream makes no sense or its file cannot be read
 */
export function createKeys(stream: KeyStream, seed: number, name: string): () => number {
  switch (stream.kind) {
    case 'single':
      return () => stream.key;
    case 'uniform': {
      const random = seededRandom(seed, name);
      const keys = atLeastOne(stream.keys, name);
      return () => Math.floor(random.next() * keys);
    }
    case 'zipf': {
      if (!(stream.exponent >= 0 && stream.exponent <= 100))
        throw refused(name, `a Zipf exponent of ${stream.exponent} is not between 0 and 100`);
      const rank = createZipf(atLeastOne(stream.keys, name), stream.exponent, seededRandom(seed, name));
      return () => rank() - 1;
    }
    case 'hot-set':
      return createHotSet(stream, seed, name);
    case 'sequential': {
      const keys = atLeastOne(stream.keys, name);
      let next = 0;
      return () => {
        const key = next;
        next = key + 1 === keys ? 0 : key + 1;
        return key;
      };
    }
    case 'mixture': {
      const weights = stream.parts.map((part) => part.weight);
      const pick = createPicker(weights, seededRandom(seed, name), name);
      const parts = stream.parts.map((part, i) => createKeys(part.stream, seed, `${name}/${i}`));
      return () => parts[pick()]!();
    }
    case 'offset': {
      const keys = createKeys(stream.stream, seed, name);
      if (!Number.isSafeInteger(stream.by) || stream.by < 0) throw refused(name, `an offset of ${stream.by}`);
      return () => stream.by + keys();
    }
    case 'replay':
      return createReplay(stream.file, name);
  }
}

function createHotSet(stream: KeyStream & { kind: 'hot-set' }, seed: number, name: string): () => number {
  const keys = atLeastOne(stream.keys, name);
  const hotKeys = atLeastOne(stream.hotKeys, name);
  if (hotKeys > keys) throw refused(name, `${hotKeys} hot keys of ${keys} keys`);
  if (!(stream.hotShare >= 0 && stream.hotShare <= 1)) throw refused(name, `a hot share of ${stream.hotShare}`);
  const random = seededRandom(seed, name);
  const coldKeys = keys - hotKeys;
  return () => {
    const hot = random.next() < stream.hotShare || coldKeys === 0;
    const draw = random.next();
    return hot ? Math.floor(draw * hotKeys) : hotKeys + Math.floor(draw * coldKeys);
  };
}

function createReplay(file: string, name: string): () => number {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new HarnessError('BAD_PARAMETER', `${name}: the replay file cannot be read: ${messageOf(cause)}`, { cause });
  }
  const lines = text.split(/\r?\n/);
  const keys: number[] = [];
  for (const [i, line] of lines.entries()) {
    const word = line.trim();
    if (word === '') continue;
    if (!/^\d{1,15}$/.test(word)) throw refused(name, `${file}:${i + 1}: '${word.slice(0, 40)}' is not a key`);
    keys.push(Number(word));
  }
  if (keys.length === 0) throw refused(name, `${file} holds no key`);
  let next = 0;
  return () => {
    const key = keys[next]!;
    next = (next + 1) % keys.length;
    return key;
  };
}

function atLeastOne(count: number, name: string): number {
  if (!Number.isSafeInteger(count) || count < 1) throw refused(name, `${count} keys: a whole number from 1 is needed`);
  return count;
}

function refused(name: string, message: string): HarnessError {
  return new HarnessError('BAD_PARAMETER', `${name}: ${message}`, { hint: 'correct the key stream of the profile' });
}
