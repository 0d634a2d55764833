/**
 * How late the machine itself makes a program that does nothing but wait for a moment: where its cores are shared with
 * others, a loop is not always running when it should be. No generator can be more punctual than this.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_MS = 2000;
/** A loop that is running comes around in less. */
const GAP_MS = 0.02;

/**
 * The lag that an empty loop would have seen at arrivals spread evenly over two seconds, while another keeps the other
 * core busy, as the target of a load does.
 *
 * @returns its 99th percentile, µs
 */
export async function machineLagP99Us(): Promise<number> {
  const other = spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' });
  const gone = once(other, 'exit');
  try {
    await sleep(200);
    return quantileUs(gapsOfAnEmptyLoop(), 0.99);
  } finally {
    other.kill('SIGKILL');
    await gone;
  }
}

/** How long the loop was not running, each time, ms. */
function gapsOfAnEmptyLoop(): number[] {
  const gaps: number[] = [];
  const beganMs = performance.now();
  for (let lastMs = beganMs; lastMs - beganMs < LOOK_MS;) {
    const nowMs = performance.now();
    if (nowMs - lastMs > GAP_MS) gaps.push(nowMs - lastMs);
    lastMs = nowMs;
  }
  return gaps;
}

/** What falls into a gap waits for its end: P(lag > x) is the sum of max(0, gap − x) over the time looked at. */
function quantileUs(gaps: readonly number[], share: number): number {
  const beyond = (ms: number): number => gaps.reduce((total, gap) => total + Math.max(0, gap - ms), 0) / LOOK_MS;
  let [low, high] = [0, Math.max(0, ...gaps)];
  while (high - low > 0.001) {
    const middle = (low + high) / 2;
    if (beyond(middle) > 1 - share) low = middle;
    else high = middle;
  }
  return Math.round(high * 1000);
}
