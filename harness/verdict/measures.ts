/**
 * The one table of measures. A threshold, a column of a comparison, a line of the gate, a JUnit case and a tile of
 * the report are all the same measure, looked up here by id or by a short name.
 */
import type { Measure, MeasureMeta } from '../contract/verdict.ts';
import breakpoint from './measures/breakpoint.ts';
import cache from './measures/cache.ts';
import database from './measures/database.ts';
import drift from './measures/drift.ts';
import edge from './measures/edge.ts';
import generator from './measures/generator.ts';
import latency from './measures/latency.ts';
import rates from './measures/rates.ts';
import recovery from './measures/recovery.ts';
import redis from './measures/redis.ts';
import replica from './measures/replica.ts';
import staleness from './measures/staleness.ts';
import stock from './measures/stock.ts';
import workload from './measures/workload.ts';

const measures: ReadonlyMap<string, Measure> = new Map(
  [
    latency,
    rates,
    cache,
    edge,
    database,
    replica,
    redis,
    stock,
    staleness,
    workload,
    recovery,
    breakpoint,
    drift,
    generator,
  ]
    .flat()
    .map((measure) => [measure.id, measure]),
);
const byAlias = new Map(
  [...measures.values()].flatMap((measure) => (measure.aliases ?? []).map((alias) => [alias, measure])),
);

/** Every measure by its id, in the order in which tables show them. */
export function allMeasures(): Map<string, Measure> {
  return new Map(measures);
}

/** A measure by its id or by a short name such as `p99`; undefined where there is none. */
export function findMeasure(name: string): Measure | undefined {
  return measures.get(name) ?? byAlias.get(name);
}

/** What a result tells of a measure: without how it is computed, and without its short names. */
export function metaOf({ id, title, unit, better, evidence }: MeasureMeta): MeasureMeta {
  return { id, title, unit, better, evidence };
}

/** Every name that {@link findMeasure} knows. */
export function measureNames(): string[] {
  return [...measures.keys(), ...byAlias.keys()];
}
