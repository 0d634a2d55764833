/** How caps and connections are dealt out to generator processes, so that over all of them they are what was asked. */

/** The share of `total` of one of several; at least 1. */
export function evenShare(total: number, index: number, count: number): number {
  return Math.max(1, Math.floor(total / count) + (index < total % count ? 1 : 0));
}

/**
 * Connections of one process to one instance. Arrival i goes to process i mod P and to instance i mod N, so a process
 * meets an instance only where both leave the same remainder by their greatest common divisor; the connections are
 * shared among those processes, and 0 is returned for the others.
 */
export function connectionShare(
  perInstance: number,
  instance: number,
  instances: number,
  process: number,
  processes: number,
): number {
  const divisor = greatestCommonDivisor(instances, processes);
  if (instance % divisor !== process % divisor) return 0;
  return evenShare(perInstance, Math.floor(process / divisor), processes / divisor);
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
