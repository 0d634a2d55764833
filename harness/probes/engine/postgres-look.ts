/**
 * One connection and one round trip for all probes that look at the same Postgres at the same moment. Most of what a
 * probe costs is the waking and the sending, so parts that are asked for together become one statement.
 */
import { PostgresSession } from './postgres-session.ts';

/** A part of a look: SQL that gives exactly one row of numbers. */
export interface LookPart {
  name: string;
  /** Without parameters. */
  sql: string;
  columns: number;
}

interface Asked {
  part: LookPart;
  resolve(row: number[] | null): void;
  reject(error: unknown): void;
}

/** Looks that are open, by URL, with how many probes use them. */
const shared = new Map<string, { look: Promise<PostgresLook>; users: number }>();

export class PostgresLook {
  readonly session: PostgresSession;
  readonly #url: string;
  #asked: Asked[] = [];

  private constructor(url: string, session: PostgresSession) {
    this.#url = url;
    this.session = session;
  }

  /** The look at this URL, opened by the first that asks; rejects where Postgres cannot be reached. */
  static async open(url: string): Promise<PostgresLook> {
    let entry = shared.get(url);
    if (!entry) {
      const look = PostgresSession.open(url).then((session) => new PostgresLook(url, session));
      entry = { look, users: 0 };
      shared.set(url, entry);
    }
    entry.users++;
    try {
      return await entry.look;
    } catch (error) {
      shared.delete(url);
      throw error;
    }
  }

  /** The part's row; null while Postgres is away. Rejects for wrong SQL, of this part or one asked for with it. */
  ask(part: LookPart): Promise<number[] | null> {
    return new Promise((resolve, reject) => {
      if (this.#asked.length === 0) queueMicrotask(() => void this.#send());
      this.#asked.push({ part, resolve, reject });
    });
  }

  /** Closes the connection when the last probe has closed. */
  async close(): Promise<void> {
    const entry = shared.get(this.#url);
    if (!entry || --entry.users > 0) return;
    shared.delete(this.#url);
    await this.session.close();
  }

  async #send(): Promise<void> {
    const asked = this.#asked.toSorted((a, b) => (a.part.name < b.part.name ? -1 : 1));
    this.#asked = [];
    const name = asked.map(({ part }) => part.name).join('+');
    const from = asked.map(({ part }, index) => `(${part.sql}) as part${index}`).join(' cross join ');
    try {
      const row = await this.session.numbers(name, `select * from ${from}`);
      let at = 0;
      for (const { part, resolve } of asked) {
        resolve(row?.slice(at, at + part.columns) ?? null);
        at += part.columns;
      }
    } catch (error) {
      for (const { reject } of asked) reject(error);
    }
  }
}
