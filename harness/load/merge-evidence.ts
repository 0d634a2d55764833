/**
 * Brings together what several generator processes saw. Counts add up, histograms are merged and never averaged, and
 * examples are the first in time over all processes.
 */
import type { HistogramRecord, LoadEvidence, LoadSlots } from '../contract/load.ts';
import { decodeHistogram, encodeHistogram, mergeEncoded } from '../kit/histogram.ts';
import type { GeneratorReport } from './messages.ts';

const MAX_EXAMPLES = 20;

/**
 * The evidence of a whole load.
 *
 * @param reports one per generator process, at least one
 * @param startedAtMs start of the load, warm-up included, epoch ms
 */
export function mergeReports(reports: readonly GeneratorReport[], startedAtMs: number): LoadEvidence {
  const lag = mergeEncoded(reports.map((report) => report.lagHdr));
  const cpuShares = reports.flatMap((report) => report.cpuShares);
  return {
    startedAtMs,
    endedAtMs: Math.max(...reports.map((report) => report.endedAtMs)),
    slots: mergeSlots(reports.map((report) => report.slots)),
    histograms: mergeHistograms(reports.flatMap((report) => report.histograms)),
    writes: reports.flatMap((report) => report.writes).sort((a, b) => a.sentMs - b.sentMs),
    ...mergeReads(reports),
    generator: {
      processes: reports.length,
      lagP50Us: lag.getValueAtPercentile(50),
      lagP99Us: lag.getValueAtPercentile(99),
      lagMaxUs: lag.maxValue,
      cpuShareMax: cpuShares.reduce((most, share) => Math.max(most, share), 0),
      cpuShareMean: cpuShares.reduce((sum, share) => sum + share, 0) / Math.max(1, cpuShares.length),
      connectionsOpened: sumOf(reports, (report) => report.connectionsOpened),
      connectionsReplaced: sumOf(reports, (report) => report.connectionsReplaced),
    },
    examples: reports
      .flatMap((report) => report.examples)
      .sort((a, b) => a.atMs - b.atMs)
      .slice(0, MAX_EXAMPLES)
      .map((example) => example.text),
    interrupted: reports.some((report) => report.interrupted),
  };
}

function mergeReads(reports: readonly GeneratorReport[]): Pick<LoadEvidence, 'versionReads'> {
  const all = reports.flatMap(({ versionReads }) => versionReads ?? []);
  if (all.length === 0) return {};
  return {
    versionReads: {
      key: all.flatMap(({ key }) => key),
      version: all.flatMap(({ version }) => version),
      user: all.flatMap(({ user }) => user),
      sentMs: all.flatMap(({ sentMs }) => sentMs),
      endedMs: all.flatMap(({ endedMs }) => endedMs),
      dropped: sumOf(all, ({ dropped }) => dropped),
    },
  };
}

function mergeHistograms(records: readonly HistogramRecord[]): HistogramRecord[] {
  const groups = new Map<string, HistogramRecord[]>();
  for (const record of records) {
    const { phase, operation, outcome, cacheOutcome, clock } = record;
    const name = [phase, operation, outcome, cacheOutcome, clock].join('/');
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [record]);
    else group.push(record);
  }
  return [...groups.values()].map((group) => {
    const first = group[0]!;
    if (group.length === 1) return first;
    const sum = decodeHistogram(first.hdr);
    for (const record of group.slice(1)) sum.add(decodeHistogram(record.hdr));
    return { ...first, count: sumOf(group, (record) => record.count), hdr: encodeHistogram(sum) };
  });
}

/**
 * Adds slots up. The maximum in flight is added as well: the processes' maxima need not fall together, so the sum is
 * an upper bound within the slot.
 */
function mergeSlots(all: readonly LoadSlots[]): LoadSlots {
  const first = all[0]!;
  const length = Math.max(...all.map((slots) => slots.offered.length));
  const add = (pick: (slots: LoadSlots) => readonly number[] | undefined): number[] =>
    Array.from({ length }, (_, i) => sumOf(all, (slots) => pick(slots)?.[i] ?? 0));
  const addNamed = <K extends string>(
    pick: (slots: LoadSlots) => Partial<Record<K, number[]>>,
  ): Partial<Record<K, number[]>> => {
    const names = new Set(all.flatMap((slots) => Object.keys(pick(slots)) as K[]));
    const sums: Partial<Record<K, number[]>> = {};
    for (const name of names) sums[name] = add((slots) => pick(slots)[name]);
    return sums;
  };
  return {
    startedAtMs: first.startedAtMs,
    slotMs: first.slotMs,
    offered: add((slots) => slots.offered),
    sent: add((slots) => slots.sent),
    completed: add((slots) => slots.completed),
    dropped: add((slots) => slots.dropped),
    maxInFlight: add((slots) => slots.maxInFlight),
    outcomes: addNamed((slots) => slots.outcomes),
    cacheOutcomes: addNamed((slots) => slots.cacheOutcomes),
    latencyBucketEdgesUs: first.latencyBucketEdgesUs,
    latencyCounts: Array.from({ length }, (_, slot) =>
      first.latencyBucketEdgesUs
        .slice(1)
        .map((_edge, bucket) => sumOf(all, (slots) => slots.latencyCounts[slot]?.[bucket] ?? 0)),
    ),
  };
}

function sumOf<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((sum, item) => sum + of(item), 0);
}
