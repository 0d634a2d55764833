/**
 * The sentence that a person reads first, and the few that explain it. A failure leads with the figure and its limit;
 * a run without limits says what was found. Pass, fail or invalid is not part of it: the status stands beside it, and
 * every report marks it in its own way.
 */
import type { CheckResult, RunResult, ThresholdResult, ValidityResult } from '../contract/result.ts';
import type { Evidence, VerdictStatus } from '../contract/verdict.ts';
import { describeFinding } from './main-finding.ts';
import { findMeasure } from './measures.ts';
import type { MeasureValues } from './thresholds.ts';
import { formatValue, listed } from './wording.ts';

export interface VerdictMaterial {
  evidence: Evidence;
  status: VerdictStatus;
  values: MeasureValues;
  recovery: RunResult['recovery'];
  checks: readonly CheckResult[];
  thresholds: readonly ThresholdResult[];
  validity: ValidityResult;
}

export function wordVerdict(material: VerdictMaterial): { sentence: string; explanation: string } {
  const finding = describeFinding(material);
  switch (material.status) {
    case 'fail':
      return wordFailure(material, finding);
    case 'unknown':
      return wordUnknown(material, finding);
    case 'pass':
      return wordPass(material, finding);
  }
}

function wordFailure(material: VerdictMaterial, finding: string): { sentence: string; explanation: string } {
  const failed = failures(material);
  const [first, ...others] = failed;
  const rest = others.length > 0 ? [`Also failed: ${listed(others)}.`] : [];
  const unknown = unknowns(material);
  const open = unknown.length > 0 ? [`Unknown: ${listed(unknown)}.`] : [];
  const bad = material.validity.findings.filter((one) => !one.ok).map((one) => one.message);
  const invalid = bad.length > 0 ? [`The run is invalid besides: ${bad.join('; ')}.`] : [];
  return { sentence: first ?? '', explanation: [...rest, ...open, ...invalid, `${finding}.`].join(' ') };
}

function wordUnknown(material: VerdictMaterial, finding: string): { sentence: string; explanation: string } {
  const bad = material.validity.findings.filter((one) => !one.ok).map((one) => one.message);
  const open = unknowns(material);
  const missed = failures(material);
  if (bad.length > 0) {
    const others = bad.slice(1);
    return {
      sentence: bad[0]!,
      explanation: [
        ...(others.length > 0 ? [`Also: ${others.join('; ')}.`] : []),
        ...(missed.length > 0 ? [`Not held against it: ${listed(missed)}.`] : []),
        ...(open.length > 0 ? [`Unknown: ${listed(open)}.`] : []),
        `${finding}.`,
      ].join(' '),
    };
  }
  const [first, ...others] = open;
  return {
    sentence: first ?? '',
    explanation: [...(others.length > 0 ? [`Also unknown: ${listed(others)}.`] : []), `${finding}.`].join(' '),
  };
}

function wordPass(material: VerdictMaterial, finding: string): { sentence: string; explanation: string } {
  const { thresholds, checks } = material;
  const held = checks.length > 0 ? `${checks.map((check) => sentenceCase(check.message)).join('. ')}.` : '';
  if (thresholds.length === 0) return { sentence: finding, explanation: held || 'No limit was set.' };
  const nearest = byMargin(thresholds)[0]!;
  const more = thresholds.length > 1 ? `; all ${thresholds.length} thresholds hold` : '';
  return {
    sentence: `${wordThreshold(nearest)}${more}`,
    explanation: [`${finding}.`, held].filter((text) => text !== '').join(' '),
  };
}

/** Checks first, recovery among them, then thresholds with the largest overrun first. */
function failures({ checks, thresholds }: VerdictMaterial): string[] {
  return [
    ...checks.filter((check) => check.status === 'fail').map((check) => check.message),
    ...byMargin(thresholds.filter((one) => one.status === 'fail'))
      // A system that never recovered says so itself already.
      .filter((one) => !(one.measure === 'recovery.time' && one.actual === null))
      .map(wordThreshold),
  ];
}

function unknowns({ evidence, checks, thresholds }: VerdictMaterial): string[] {
  return [
    ...checks.filter((check) => check.status === 'unknown').map((check) => check.message),
    ...thresholds
      .filter((one) => one.status === 'unknown')
      .map((one) => `${one.text} could not be judged, ${whyUnknown(evidence, one)}`),
  ];
}

function whyUnknown(evidence: Evidence, threshold: ThresholdResult): string {
  if (threshold.phase !== 'run' && evidence.faults.length === 0)
    return `since without a fault there is no '${threshold.phase}'`;
  if (threshold.measure.startsWith('latency.')) return 'since there were too few requests';
  return `since ${threshold.measure} was not observed`;
}

/** How far beyond its limit, as a ratio, the farthest first; a limit of zero is passed the farthest. */
function byMargin(thresholds: readonly ThresholdResult[]): ThresholdResult[] {
  const margin = ({ actual, limit, operator }: ThresholdResult): number => {
    if (actual === null || limit === 0 || operator === '==' || operator === '!=') return Infinity;
    return operator.startsWith('<') ? actual / limit : limit / actual;
  };
  const order = (one: ThresholdResult): number => (one.status === 'pass' && margin(one) === Infinity ? 0 : margin(one));
  return thresholds.toSorted((a, b) => (order(a) === order(b) ? 0 : order(b) - order(a)));
}

const SHORT_NAMES: Readonly<Record<string, string>> = {
  'errors.rate': 'errors',
  'shed.rate': 'shed requests',
  'cache.hitRatio': 'hit ratio',
  'recovery.time': 'time to recovery',
  'db.loadsPerExpiry': 'loads per expiry',
  'db.peakRate': 'peak database rate',
  'db.peakActive': 'active queries',
  'rate.achieved': 'achieved rate',
  'stock.oversold': 'units oversold',
};

/** `p99 812 ms during the fault, limit 250 ms`. */
function wordThreshold({ measure, phase, operator, limit, actual, unit }: ThresholdResult): string {
  const latency = /^latency\.(.*?)(\.service)?$/.exec(measure);
  const name = latency
    ? `${latency[1]}${latency[2] ? ' from the actual send' : ''}`
    : (SHORT_NAMES[measure] ?? inSentence(findMeasure(measure)?.title ?? measure));
  const phrases = { run: '', before: ' before the fault', during: ' during the fault', after: ' after the fault' };
  const bounds = {
    '<': 'limit',
    '<=': 'limit',
    '>': 'at least',
    '>=': 'at least',
    '==': 'must be',
    '!=': 'must not be',
  };
  // The name says what is counted: "loads per expiry 12", not "12 loads".
  const shown = unit === 'loads' || unit === 'queries' ? 'count' : unit;
  const value = actual === null ? 'without end' : formatValue(actual, shown);
  return `${name} ${value}${phrases[phase]}, ${bounds[operator]} ${formatValue(limit, shown)}`;
}

/** Titles begin with a capital; inside a sentence only a name does. */
function inSentence(title: string): string {
  return title.startsWith('Redis') ? title : title.charAt(0).toLowerCase() + title.slice(1);
}

function sentenceCase(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
