/**
 * A probe's own connection to Redis. It sends nothing but INFO, over RESP2 and without a handshake, so that its own
 * commands and bytes are known exactly and can be taken out of every figure.
 */
import { Redis } from 'ioredis';
import { HarnessError, messageOf } from '../../contract/errors.ts';

const ANSWER_TIMEOUT_MS = 1_000;
const RECONNECT_MS = 100;

/** What one INFO said, with what the probe itself had contributed to it. */
export interface InfoAnswer {
  text: string;
  /** Which process answered. */
  runId: string;
  /** Commands and bytes of this connection that the server had counted when it answered. */
  ownCommands: number;
  ownBytes: number;
}

export class RedisSession {
  readonly #redis: Redis;
  #sections: string[] = ['all'];
  #runId = '';
  /** Connections of the harness itself, this one and the faults'. */
  ownClients = 1;
  #ownCommands = 0;
  #ownBytes = 0;

  private constructor(redis: Redis) {
    this.#redis = redis;
  }

  /** Connects; rejects with `REDIS_FAILED` where it cannot. */
  static async open(url: string): Promise<RedisSession> {
    const redis = new Redis(url, {
      protocol: 2,
      lazyConnect: true,
      enableReadyCheck: false,
      disableClientInfo: true,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      commandTimeout: ANSWER_TIMEOUT_MS,
      retryStrategy: () => RECONNECT_MS,
    });
    // Each failed attempt to come back is an event; that Redis is away is told by the samples.
    let reason = '';
    redis.on('error', (error: Error) => (reason = error.message));
    const session = new RedisSession(redis);
    try {
      await redis.connect();
      // Before the first INFO, so that it is in no difference.
      const clients = String(await redis.client('LIST'));
      session.ownClients += (clients.match(/ name=cachequake-admin /g) ?? []).length;
      // One section more than one is understood since Redis 7.
      const version = /^redis_version:(\d+)/m.exec((await session.info())?.text ?? '')?.[1];
      if (Number(version) >= 7) session.#sections = ['server', 'clients', 'memory', 'stats', 'commandstats'];
      return session;
    } catch (error) {
      redis.disconnect();
      // What `connect` rejects with says only that the connection is closed.
      throw new HarnessError('REDIS_FAILED', `Redis cannot be reached: ${reason || messageOf(error)}`, {
        cause: error,
      });
    }
  }

  /** Asks for INFO; null while Redis is away or does not answer in time. */
  async info(): Promise<InfoAnswer | null> {
    if (this.#redis.status !== 'ready') return null;
    const sentBytes = requestBytes(['info', ...this.#sections]);
    let text: string;
    try {
      text = await this.#redis.info(...this.#sections);
    } catch {
      return null;
    }
    const runId = /^run_id:(\w+)/m.exec(text)?.[1] ?? '';
    if (runId !== this.#runId) {
      // Another process counts from zero, and knows only this one question.
      this.#runId = runId;
      this.#ownCommands = 0;
      this.#ownBytes = 0;
    }
    // A command is counted when it ends and an answer when it is sent, but a question when it is read.
    const answer = { text, runId, ownCommands: this.#ownCommands, ownBytes: this.#ownBytes + sentBytes };
    this.#ownCommands += 1;
    this.#ownBytes += sentBytes + answerBytes(text);
    return answer;
  }

  close(): void {
    this.#redis.disconnect();
  }
}

/** A command as RESP: an array of bulk strings. */
function requestBytes(parts: readonly string[]): number {
  return parts.reduce((sum, part) => sum + bulkBytes(Buffer.byteLength(part)), `*${parts.length}\r\n`.length);
}

function answerBytes(text: string): number {
  return bulkBytes(Buffer.byteLength(text));
}

function bulkBytes(length: number): number {
  return `$${length}\r\n`.length + length + 2;
}
