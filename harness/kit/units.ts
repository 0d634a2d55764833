/**
 * Reads durations and numbers as people write them, and writes them as people read them. A bare number is refused for
 * a duration: whether 10 means seconds or milliseconds is not guessed.
 */
import { HarnessError } from '../contract/errors.ts';

const FACTORS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/**
 * Parses `500ms`, `10s`, `1.5m` or `2h`.
 *
 * @param text what the person wrote
 * @param what names the setting in the error
 * @returns milliseconds
 * @throws HarnessError BAD_PARAMETER for anything else
 */
export function parseDurationMs(text: string, what: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text.trim());
  if (!match)
    throw new HarnessError('BAD_PARAMETER', `${what}: '${text}' is not a duration`, {
      hint: 'write a number with its unit, for example 500ms, 10s or 1m',
    });
  return Number(match[1]) * FACTORS_MS[match[2] as string]!;
}

/** `850ms`, `12.5s`, `3m 20s`: short and without false precision. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)}ms`;
  if (ms < 60_000) return `${Number((ms / 1000).toFixed(1))}s`;
  const seconds = Math.round(ms / 1000);
  const rest = seconds % 60;
  return `${Math.floor(seconds / 60)}m${rest ? ` ${rest}s` : ''}`;
}
