/**
 * The normal distribution, to full double precision and without tables of coefficients. Ours because no dependency of
 * the harness has it, and thirty lines cost less than a library of distributions.
 */

/**
 * P(Z ≤ z). The series of Marsaglia (2004, "Evaluating the normal distribution") near the middle, the continued
 * fraction of Laplace in the tails, where the series would cancel.
 */
export function normalCdf(z: number): number {
  if (z < -5) return tail(-z);
  if (z > 5) return 1 - tail(z);
  let term = z;
  let sum = z;
  for (let i = 3; Math.abs(term) > 1e-18 * Math.abs(sum); i += 2) {
    term *= (z * z) / i;
    sum += term;
  }
  return 0.5 + sum * density(z);
}

/**
 * The z with P(Z ≤ z) = p.
 *
 * @param p in (0, 1); 0 and 1 give infinity
 * @throws RangeError outside of [0, 1]
 */
export function normalQuantile(p: number): number {
  if (!(p >= 0 && p <= 1)) throw new RangeError(`${p} is no probability`);
  if (p === 0 || p === 1) return p === 0 ? -Infinity : Infinity;
  if (p > 0.5) return -normalQuantile(1 - p);
  // The logarithm of the distribution is concave, so Newton from the left of the root never passes it; and since
  // P(Z ≤ -x) ≤ exp(-x²/2), this start is on its left.
  let z = -Math.sqrt(-2 * Math.log(p));
  for (let i = 0; i < 60; i++) {
    const below = normalCdf(z);
    const step = ((Math.log(p) - Math.log(below)) * below) / density(z);
    z += step;
    if (Math.abs(step) < 1e-14 * (1 + Math.abs(z))) break;
  }
  return z;
}

function density(z: number): number {
  return Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI);
}

/** P(Z > z) for z of 5 and more. */
function tail(z: number): number {
  let fraction = z;
  for (let i = 40; i >= 1; i--) fraction = z + i / fraction;
  return density(z) / fraction;
}
