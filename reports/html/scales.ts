/** Scales and ticks shared by the charts: time to the right, amounts from zero, latency and rarity in log. */
import { scaleLinear, scaleLog } from 'd3-scale';
import { bytes, milliseconds, number } from '../model/format.ts';
import { WIDTH } from './plot.ts';
import type { PlotTick } from './plot.ts';

export interface Axis {
  /** Maps a value to x units or y pixels. */
  at(value: number): number;
  ticks: PlotTick[];
}

/** Time over the whole width; ticks in seconds, or minutes for long runs. */
export function timeAxis(durationMs: number): Axis {
  const perUnit = durationMs > 300_000 ? 60_000 : 1000;
  const name = perUnit === 1000 ? 's' : 'min';
  const scale = scaleLinear()
    .domain([0, durationMs / perUnit])
    .range([0, WIDTH]);
  const ticks = scale.ticks(7);
  return {
    at: (ms) => scale(ms / perUnit),
    ticks: ticks.map((t, i) => ({
      at: scale(t),
      text: i === ticks.length - 1 ? `${number(t)}\u00a0${name}` : number(t),
    })),
  };
}

/** Amounts from zero upwards; the highest value keeps a little room. */
export function amountAxis(max: number, heightPx: number, unit: 'bytes' | '%' | '' = ''): Axis {
  const top = unit === '%' ? 100 : Math.max(max * 1.04, 1e-9);
  const scale = scaleLinear().domain([0, top]).range([heightPx, 0]);
  const wanted = heightPx < 80 ? 2 : 4;
  const ticks = unit === 'bytes' ? byteTicks(top, wanted) : scale.ticks(wanted).filter((t) => t <= top);
  return {
    at: (value) => scale(value),
    ticks: ticks.map((t) => ({
      at: scale(t),
      text: unit === 'bytes' ? bytes(t) : `${number(t)}${unit && `\u00a0${unit}`}`,
    })),
  };
}

/** Latency, log scale, in ms. */
export function latencyAxis(lowMs: number, highMs: number, heightPx: number): Axis {
  const low = Math.max(1e-3, lowMs);
  const high = Math.max(low * 2, highMs);
  const scale = scaleLog().domain([low, high]).range([heightPx, 0]).clamp(true);
  const powers: number[] = [];
  for (let p = Math.floor(Math.log10(low)); p <= Math.ceil(Math.log10(high)); p++) powers.push(10 ** p);
  const inside = (values: number[]): number[] => values.filter((v) => v >= low * 0.999 && v <= high * 1.001);
  let values = inside(powers);
  if (values.length < 3) values = inside(powers.flatMap((p) => [p, 2 * p, 5 * p]));
  return { at: (ms) => scale(Math.max(ms, 1e-6)), ticks: values.map((v) => ({ at: scale(v), text: milliseconds(v) })) };
}

/** Rarity: 1/(1−p) in log, so that each decade to the right is ten times rarer. */
export function rarityAxis(maxBeyond: number): Axis {
  const scale = scaleLog()
    .domain([1, Math.max(10, maxBeyond)])
    .range([0, WIDTH]);
  const named: [number, string][] = [
    [2, 'p50'],
    [10, 'p90'],
    [100, 'p99'],
    [1000, 'p99.9'],
    [10_000, 'p99.99'],
    [100_000, 'p99.999'],
    [1_000_000, 'p99.9999'],
  ];
  return {
    at: (beyond) => scale(Math.max(1, beyond)),
    ticks: named
      .filter(([beyond]) => beyond <= Math.max(10, maxBeyond))
      .map(([beyond, text]) => ({ at: scale(beyond), text })),
  };
}

function byteTicks(top: number, wanted: number): number[] {
  const unit = 1024 ** Math.floor(Math.log(Math.max(top, 1)) / Math.log(1024));
  return scaleLinear()
    .domain([0, top / unit])
    .ticks(wanted)
    .map((t) => t * unit)
    .filter((t) => t <= top);
}
