/**
 * Latency percentiles over **all** requests of a phase: every operation and every outcome, a timeout at its timeout.
 * Leaving failures out would make a service that times out look fast; fast refusals do pull percentiles down, which
 * is why `errors.rate` and `shed.rate` stand beside them. `.service` counts from the actual send and so leaves
 * queueing in the generator out.
 */
import { defineMeasure, type Measure } from '../../contract/verdict.ts';
import { latencyOf } from '../sources.ts';

const QUANTILES = [
  { name: 'p50', percentile: 50, title: 'Median latency' },
  { name: 'p90', percentile: 90, title: 'p90 latency' },
  { name: 'p95', percentile: 95, title: 'p95 latency' },
  { name: 'p99', percentile: 99, title: 'p99 latency' },
  { name: 'p999', percentile: 99.9, title: 'p99.9 latency' },
  { name: 'max', percentile: 100, title: 'Highest latency' },
] as const;

/** A p99 of fewer than 100 requests would be the maximum under another name. */
function enough(count: number, percentile: number): boolean {
  return percentile === 100 ? count > 0 : count * (1 - percentile / 100) >= 1 - 1e-9;
}

function latency(quantile: (typeof QUANTILES)[number], clock: 'intended' | 'service'): Measure {
  const service = clock === 'service';
  return defineMeasure({
    id: `latency.${quantile.name}${service ? '.service' : ''}`,
    title: service ? `${quantile.title} from the actual send` : quantile.title,
    unit: 'ms',
    better: 'lower',
    evidence: 'time',
    aliases: service ? [`${quantile.name}.service`] : [quantile.name],
    of(evidence, phase) {
      const histogram = latencyOf(evidence, phase, clock);
      if (!enough(histogram.totalCount, quantile.percentile)) return null;
      return histogram.getValueAtPercentile(quantile.percentile) / 1000;
    },
  });
}

export default QUANTILES.flatMap((quantile) => [latency(quantile, 'intended'), latency(quantile, 'service')]);
