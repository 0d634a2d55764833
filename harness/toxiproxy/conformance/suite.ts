/**
 * The conformance suite: one list of cases that the embedded server and a real Toxiproxy must both pass. The server
 * under test must be used by nobody else, because /reset reaches every proxy.
 */
import { messageOf } from '../../contract/errors.ts';
import { apiCases } from './api-cases.ts';
import type { Case } from './case.ts';
import { TestBed, TooMuch } from './case.ts';
import { linkCases } from './link-cases.ts';
import { metricsCases } from './metrics-cases.ts';
import { populateCases } from './populate-cases.ts';
import { proxyCases } from './proxy-cases.ts';
import { toxicApiCases } from './toxic-api-cases.ts';
import { toxicCases } from './toxic-cases.ts';

/** No case takes longer, whatever hangs. */
const CASE_LIMIT_MS = 90_000;
/** How often a case may take too long before it counts: what is really slow is slow every time. */
const TIMING_ATTEMPTS = 5;

/** Cases that move bytes. */
export const DATA_CASES: readonly Case[] = [...linkCases, ...toxicCases];

export const CASES: readonly Case[] = [
  ...apiCases,
  ...populateCases,
  ...toxicApiCases,
  ...proxyCases,
  ...DATA_CASES,
  ...metricsCases,
];

export interface CaseResult {
  name: string;
  status: 'passed' | 'failed' | 'skipped';
  /** Why it failed or was skipped. */
  why: string;
  ms: number;
}

/**
 * Runs one case against the server at this address, and cleans up after it.
 *
 * @param sockets folder for the Unix sockets of upstreams, where they are to be such
 */
export async function runCase(one: Case, url: string, sockets: string | null = null): Promise<CaseResult> {
  const fromMs = performance.now();
  const result = (status: CaseResult['status'], why: string): CaseResult => ({
    name: one.name,
    status,
    why,
    ms: performance.now() - fromMs,
  });
  for (let attempt = 1; ; attempt++) {
    try {
      const outcome = await tryCase(one, url, sockets);
      return outcome ? result('skipped', outcome.skipped) : result('passed', '');
    } catch (error) {
      if (!(error instanceof TooMuch) || attempt === TIMING_ATTEMPTS) return result('failed', messageOf(error));
    }
  }
}

async function tryCase(one: Case, url: string, sockets: string | null): Promise<{ skipped: string } | void> {
  const bed = new TestBed(url.replace(/\/+$/, ''), sockets);
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${CASE_LIMIT_MS} ms`)), CASE_LIMIT_MS);
  });
  try {
    return await Promise.race([one.run(bed), tooLong]);
  } finally {
    clearTimeout(timer);
    await bed.close().catch(() => {});
  }
}
