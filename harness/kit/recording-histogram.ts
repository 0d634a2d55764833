/**
 * Histograms to record into, in WebAssembly, so that recording costs well under a microsecond. Apart from those that
 * are read, because whoever only reads need not wait until it is compiled.
 */
import { build, initWebAssembly } from 'hdr-histogram-js';
import { HIGHEST_US, type Histogram } from './histogram.ts';

await initWebAssembly();

/** A new, empty histogram. Free it with `destroy()` when many are made. */
export function createHistogram(): Histogram {
  return build({
    bitBucketSize: 64,
    autoResize: false,
    lowestDiscernibleValue: 1,
    highestTrackableValue: HIGHEST_US,
    numberOfSignificantValueDigits: 3,
    useWebAssembly: true,
  });
}

/** Records a latency, kept within the histogram's range. */
export function recordUs(histogram: Histogram, us: number): void {
  histogram.recordValue(us < 1 ? 1 : us > HIGHEST_US ? HIGHEST_US : Math.round(us));
}
