/**
 * The toxics of one proxy: names are unique across both streams, new ones go to the end of their stream's chain, and
 * each change is told to the connections that are open.
 */
import { invalidStream, invalidToxicType, toxicAlreadyExists, toxicNotFound, badRequestBody } from './api-error.ts';
import { field, wholeNumbers } from './request-body.ts';
import type { Direction, Toxic } from './toxic.ts';
import { toxicJson } from './toxic.ts';
import { TOXIC_TYPES } from './toxics/registry.ts';
import type { Attributes, ToxicType } from './toxics/stage.ts';

export type ToxicChange = 'addToxic' | 'updateToxic' | 'removeToxic';

export class ToxicList {
  onChange: (change: ToxicChange, toxic: Toxic) => void = () => {};
  readonly #chains: Record<Direction, Toxic[]> = { upstream: [], downstream: [] };
  readonly #serials = new Map<string, number>();

  of(direction: Direction): readonly Toxic[] {
    return this.#chains[direction];
  }

  all(): Toxic[] {
    return [...this.#chains.upstream, ...this.#chains.downstream];
  }

  json(): Record<string, unknown>[] {
    return this.all().map(toxicJson);
  }

  /** @throws ApiError 404 */
  get(name: string): Toxic {
    const toxic = this.all().find((one) => one.name === name);
    if (!toxic) throw toxicNotFound();
    return toxic;
  }

  /** Adds a toxic from a request's body. @throws ApiError 400 or 409, in the order in which Toxiproxy checks */
  add(body: unknown): Toxic {
    const typeName = field(body, 'type', 'string') ?? '';
    const stream = field(body, 'stream', 'string') ?? 'downstream';
    const toxicity = field(body, 'toxicity', 'number') ?? 1;
    const givenName = field(body, 'name', 'string') ?? '';
    const direction = stream.toLowerCase();
    if (direction !== 'upstream' && direction !== 'downstream') throw invalidStream();
    const name = givenName === '' ? `${typeName}_${stream}` : givenName;
    const type = TOXIC_TYPES.get(typeName);
    if (!type) throw invalidToxicType();
    if (this.all().some((one) => one.name === name)) throw toxicAlreadyExists();
    const attributes = readAttributes(type, body, {});
    const serial = (this.#serials.get(name) ?? 0) + 1;
    this.#serials.set(name, serial);
    const toxic: Toxic = { name, typeName, type, stream, direction, serial, toxicity, attributes };
    this.#chains[direction].push(toxic);
    this.onChange('addToxic', toxic);
    return toxic;
  }

  /** Merges attributes and toxicity; name, type and stream stay. @throws ApiError 400 */
  update(toxic: Toxic, body: unknown): void {
    const attributes = readAttributes(toxic.type, body, toxic.attributes);
    toxic.toxicity = field(body, 'toxicity', 'number') ?? toxic.toxicity;
    toxic.attributes = attributes;
    this.onChange('updateToxic', toxic);
  }

  /** @throws ApiError 404 */
  remove(name: string): void {
    const toxic = this.get(name);
    const chain = this.#chains[toxic.direction];
    chain.splice(chain.indexOf(toxic), 1);
    this.onChange('removeToxic', toxic);
  }

  removeAll(): void {
    for (const toxic of this.all()) this.remove(toxic.name);
  }
}

function readAttributes(type: ToxicType, body: unknown, current: Attributes): Attributes {
  const given = field(body, 'attributes', 'object');
  const attributes = wholeNumbers(given, type.attributes, current);
  const refused = type.refuse?.(attributes);
  if (refused) throw badRequestBody(refused);
  return attributes;
}
