/** Four significant digits: what two runs of the same thing agree in, and a reviewer of a baseline can read. */
export function fourDigits(value: number | null): number | null {
  return value === null ? null : Number(value.toPrecision(4));
}
