/**
 * Workloads as published production traces describe them: Twitter's 53 cache clusters (Yang, Yue, Rashmi, "A large
 * scale analysis of hundreds of in-memory cache clusters at Twitter", OSDI 2020). Quantiles over clusters are
 * published figure by figure; a preset takes the figures of one rank together, and the median where a rank has none.
 */

export interface TracePreset {
  /** What it is, and which of its figures are published. */
  about: string;
  zipfExponent: number;
  writeShare: number;
  valueBytes: number;
  ttlSec: number;
}

const MEDIAN = { zipfExponent: 1.21, writeShare: 0.13, valueBytes: 224, ttlSec: 8 * 3600 };

export const TRACE_PRESETS = {
  catalogue: {
    about: 'product pages: Zipf 1.2, 97 % reads, 250 B; the median TTL of the clusters',
    zipfExponent: 1.2,
    writeShare: 0.03,
    valueBytes: 250,
    ttlSec: MEDIAN.ttlSec,
  },
  session: {
    about: 'sessions: as many writes as reads; exponent and size of the median cluster, TTL of the lower quartile',
    ...MEDIAN,
    writeShare: 0.5,
    ttlSec: 520,
  },
  p25: {
    about: 'lower quartile: Zipf 0.63, TTL 520 s; writes and size of the median cluster',
    ...MEDIAN,
    zipfExponent: 0.63,
    ttlSec: 520,
  },
  p50: { about: 'the median cluster: Zipf 1.21, 13 % writes, 224 B, TTL 8 h', ...MEDIAN },
  p75: {
    about: 'upper quartile: Zipf 1.50, 50 % writes, 1 KB; the median TTL',
    ...MEDIAN,
    zipfExponent: 1.5,
    writeShare: 0.5,
    valueBytes: 1024,
  },
} as const satisfies Record<string, TracePreset>;
