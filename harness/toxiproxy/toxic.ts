/** A toxic as a proxy holds it, and the two forms in which it leaves the server: as JSON and as a draw for a link. */
import { seededRandom } from '../kit/random.ts';
import type { Random } from '../contract/time.ts';
import type { Attributes, ToxicType } from './toxics/stage.ts';

export type Direction = 'upstream' | 'downstream';

export interface Toxic {
  readonly name: string;
  readonly typeName: string;
  readonly type: ToxicType;
  /** As it was written in the request. */
  readonly stream: string;
  readonly direction: Direction;
  /** How many toxics of this name the proxy had before, so that a new one draws anew. */
  readonly serial: number;
  toxicity: number;
  attributes: Attributes;
}

/** The toxic as Toxiproxy's API shows it. */
export function toxicJson(toxic: Toxic): Record<string, unknown> {
  return {
    attributes: toxic.attributes,
    name: toxic.name,
    type: toxic.typeName,
    stream: toxic.stream,
    toxicity: toxic.toxicity,
  };
}

/**
 * The stream of chance that one toxic has on one connection: its first number decides whether the toxic takes part.
 * It depends on nothing but the names and the connection's number, so a run with the same seed draws the same.
 *
 * @param seed the server's seed
 * @param proxy name of the proxy
 * @param ordinal the connection's number in its proxy, from 1
 */
export function toxicRandom(seed: number, proxy: string, toxic: Toxic, ordinal: number): Random {
  return seededRandom(seed, `toxic/${proxy}/${toxic.name}/${toxic.serial}/${ordinal}`);
}
