/**
 * Asks one instance for `/cachequake/probe` and keeps what must not be asked twice: the number of the last load event
 * seen, and what an earlier process of the instance had counted. A target without that route is no error.
 */
import { Pool } from 'undici';
import type { LoadCause, LoadEvent } from '../../contract/defence.ts';
import type { ServiceProbeAnswer } from '../../contract/target.ts';

const TIMEOUT_MS = 1_000;

export class ServiceClient {
  readonly index: number;
  readonly loads: (LoadEvent & { instance: number })[] = [];
  /** How often the instance had to drop events before they were fetched. */
  lost = 0;
  #pool: Pool;
  #lastLoad = 0;
  #asked = false;

  constructor(url: string, index: number) {
    this.index = index;
    this.#pool = new Pool(url, {
      connections: 1,
      headersTimeout: TIMEOUT_MS,
      bodyTimeout: TIMEOUT_MS,
      connect: { timeout: TIMEOUT_MS },
    });
  }

  /** The answer; `none` where the instance has no such route; null where it did not answer in time. */
  async ask(): Promise<ServiceProbeAnswer | 'none' | null> {
    let text: string;
    try {
      const path = `/cachequake/probe?since=${this.#lastLoad}`;
      const { statusCode, body } = await this.#pool.request({ method: 'GET', path });
      text = await body.text();
      if (statusCode >= 500) return null;
      if (statusCode !== 200) return 'none';
    } catch {
      return null;
    }
    const answer = parse(text);
    if (!answer) return 'none';
    this.#keep(answer);
    return answer;
  }

  close(): Promise<void> {
    return this.#pool.destroy();
  }

  #keep(answer: ServiceProbeAnswer): void {
    if (answer.lastLoad < this.#lastLoad) {
      // A new process numbers from 1 again: what it has already counted is fetched with the next question.
      this.#lastLoad = 0;
      return;
    }
    const { key, cause, wantedAtMs, startedAtMs, endedAtMs, ok, filled } = answer.loads;
    for (let i = 0; i < key.length; i++)
      this.loads.push({
        instance: this.index,
        key: key[i]!,
        cause: cause[i] as LoadCause,
        ...(wantedAtMs?.[i] === undefined ? {} : { wantedAtMs: wantedAtMs[i] }),
        startedAtMs: startedAtMs[i]!,
        endedAtMs: endedAtMs[i]!,
        ok: ok[i]!,
        filled: filled[i]!,
      });
    // What was dropped before the first question was never ours to see.
    if (answer.lostLoads && this.#asked) this.lost += 1;
    this.#asked = true;
    this.#lastLoad = answer.lastLoad;
  }
}

/** A page that any service may answer an unknown path with is not taken for figures. */
function parse(text: string): ServiceProbeAnswer | null {
  try {
    const answer = JSON.parse(text) as Partial<ServiceProbeAnswer> | null;
    return typeof answer?.lastLoad === 'number' && Array.isArray(answer.loads?.key)
      ? (answer as ServiceProbeAnswer)
      : null;
  } catch {
    return null;
  }
}
