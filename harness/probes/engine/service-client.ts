/**
 * Asks one instance for `/cachequake/probe` and keeps what must not be asked twice: the number of the last load event
 * seen, and what an earlier process of the instance had counted. A target without that route is no error.
 * It asks with Node's own HTTP client, which costs a third of undici's for questions as seldom as these.
 */
import type { Agent } from 'node:http';
import type { LoadCause, LoadEvent } from '../../contract/defence.ts';
import type { ServiceProbeAnswer } from '../../contract/target.ts';
import { http, https } from '../../kit/node-http.ts';

const TIMEOUT_MS = 1_000;

export class ServiceClient {
  readonly index: number;
  readonly loads: (LoadEvent & { instance: number })[] = [];
  /** How often the instance had to drop events before they were fetched. */
  lost = 0;
  readonly #origin: string;
  readonly #http: Pick<typeof http, 'Agent' | 'get'>;
  readonly #agent: Agent;
  #lastLoad = 0;
  #asked = false;

  constructor(url: string, index: number) {
    this.index = index;
    this.#origin = new URL(url).origin;
    this.#http = url.startsWith('https:') ? https() : http;
    this.#agent = new this.#http.Agent({ keepAlive: true, maxSockets: 1 });
  }

  /** The answer; `none` where the instance has no such route; null where it did not answer in time. */
  async ask(): Promise<ServiceProbeAnswer | 'none' | null> {
    const got = await this.#get(`/cachequake/probe?since=${this.#lastLoad}`);
    if (!got || got.status >= 500) return null;
    if (got.status !== 200) return 'none';
    const answer = parse(got.text);
    if (!answer) return 'none';
    this.#keep(answer);
    return answer;
  }

  close(): void {
    this.#agent.destroy();
  }

  /** Null where there was no whole answer, or silence for longer than the limit. */
  #get(path: string): Promise<{ status: number; text: string } | null> {
    return new Promise((resolve) => {
      const request = this.#http.get(this.#origin + path, { agent: this.#agent, timeout: TIMEOUT_MS }, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (part: string) => (text += part));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
        response.on('error', () => resolve(null));
      });
      request.on('timeout', () => request.destroy());
      request.on('error', () => resolve(null));
    });
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
