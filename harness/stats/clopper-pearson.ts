/**
 * How far a share can be believed that was counted: the exact interval of Clopper and Pearson (1934). For whole
 * numbers the incomplete beta function that it inverts is the tail of a binomial distribution, which is summed here
 * directly; so no library of special functions is needed.
 */

/**
 * P(X ≥ k) for a binomial X, which is the regularised incomplete beta function I_p(k, n − k + 1).
 *
 * @param k hits; 0 and less give 1
 * @param n trials
 * @param p chance of a hit
 */
export function binomialAtLeast(k: number, n: number, p: number): number {
  if (k <= 0) return 1;
  if (k > n || p <= 0) return 0;
  if (p >= 1) return 1;
  // The shorter way round the mean, in logarithms: C(n, k) itself is too large from a thousand trials on.
  if (k <= n * p) return 1 - binomialAtLeast(n - k + 1, n, 1 - p);
  let log = k * Math.log(p) + (n - k) * Math.log1p(-p);
  for (let i = 1; i <= Math.min(k, n - k); i++) log += Math.log((n - i + 1) / i);
  let term = Math.exp(log);
  let sum = 0;
  for (let i = k; i <= n && term > 1e-18 * sum; i++) {
    sum += term;
    term *= ((n - i) / (i + 1)) * (p / (1 - p));
  }
  return Math.min(1, sum);
}

/**
 * The interval of a share.
 *
 * @param hits from 0 to trials
 * @param trials at least 1
 * @param confidence of the two-sided interval; with 0 hits, as with all, the whole of it is still two-sided
 * @returns shares from 0 to 1
 * @throws RangeError for hits beyond the trials
 */
export function clopperPearson(hits: number, trials: number, confidence = 0.95): { low: number; high: number } {
  if (!(trials >= 1 && hits >= 0 && hits <= trials)) throw new RangeError(`${hits} hits in ${trials} trials`);
  const half = (1 - confidence) / 2;
  return {
    low: hits === 0 ? 0 : solve((p) => binomialAtLeast(hits, trials, p) - half),
    high: hits === trials ? 1 : solve((p) => binomialAtLeast(hits + 1, trials, p) - (1 - half)),
  };
}

/** The root in [0, 1] of a growing function. */
function solve(of: (p: number) => number): number {
  let low = 0;
  let high = 1;
  while (high - low > 1e-13) {
    const middle = (low + high) / 2;
    if (of(middle) < 0) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
