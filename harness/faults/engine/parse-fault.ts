/**
 * Reads a fault as people write it on the command line: `redis-down@10s+5s`, `redis-flush@8s`,
 * `redis-latency@10s+5s:latencyMs=200,jitterMs=50`. Whether the fault exists and takes these parameters is judged
 * where the faults are known.
 */
import { HarnessError } from '../../contract/errors.ts';
import type { FaultEvent } from '../../contract/profile.ts';

const FORM = 'id@start+duration:name=value,… for example redis-latency@10s+5s:latencyMs=200';
const UNIT_MS = { ms: 1, s: 1_000, m: 60_000 } as const;
const DAY_MS = 86_400_000;

/**
 * Parses one fault.
 *
 * @throws HarnessError `USAGE` for a wrong form, `BAD_PARAMETER` for a wrong time or parameter
 */
export function parseFault(text: string): FaultEvent {
  const match = /^([^@:+\s]+)@([^+:]+)(?:\+([^:]+))?(?::(.*))?$/s.exec(text.trim());
  if (!match) throw new HarnessError('USAGE', `'${text}' is not a fault at a time`, { hint: `write ${FORM}` });
  const [, fault, at, duration, parameters] = match as unknown as [string, string, string, string?, string?];
  if (!/^[a-z0-9][a-z0-9-]*$/.test(fault))
    throw new HarnessError('USAGE', `'${fault}' is not a fault id`, {
      hint: `ids are lower case with dashes; write ${FORM}`,
    });
  return {
    fault,
    atMs: parseDurationMs(at, 'start', text),
    durationMs: duration === undefined ? 0 : parseDurationMs(duration, 'duration', text),
    ...(parameters === undefined ? {} : { parameters: parseParameters(parameters, text) }),
  };
}

function parseDurationMs(part: string, what: string, text: string): number {
  const written = part.trim();
  const match = /^(\d+(?:\.\d+)?)(ms|s|m)$/.exec(written);
  if (!match) {
    const hint = /^\d+(\.\d+)?$/.test(written)
      ? `give a unit: ${written}ms, ${written}s or ${written}m`
      : 'a number and ms, s or m, for example 500ms, 10s, 1m';
    throw new HarnessError('BAD_PARAMETER', `${what} '${written}' in '${text}' is not a duration`, { hint });
  }
  const ms = Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS];
  if (ms > DAY_MS)
    throw new HarnessError('BAD_PARAMETER', `${what} '${written}' in '${text}' is longer than a day`, {
      hint: 'a fault happens within the run: its start counts from the beginning of the recorded part',
    });
  return ms;
}

function parseParameters(part: string, text: string): Record<string, unknown> {
  const parameters: Record<string, unknown> = {};
  for (const pair of part.split(',')) {
    const match = /^\s*([A-Za-z][A-Za-z0-9]*)\s*=\s*(.*?)\s*$/s.exec(pair);
    if (!match || match[2] === '')
      throw new HarnessError('BAD_PARAMETER', `'${pair}' in '${text}' is not a parameter`, {
        hint: 'write name=value, separated by commas, for example latencyMs=200,jitterMs=50',
      });
    const name = match[1]!;
    if (Object.hasOwn(parameters, name))
      throw new HarnessError('BAD_PARAMETER', `'${name}' stands twice in '${text}'`, { hint: 'give it once' });
    parameters[name] = parseValue(match[2]!);
  }
  return parameters;
}

function parseValue(written: string): unknown {
  if (written === 'true') return true;
  if (written === 'false') return false;
  const number = Number(written);
  return Number.isFinite(number) ? number : written;
}
