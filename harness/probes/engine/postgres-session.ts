/**
 * A probe's own connection to Postgres: direct, named, kept out of pg_stat_statements where the role may do so, and
 * opened again when it breaks. What it asks while Postgres is away is answered with null and not with an error.
 */
import { Client } from 'pg';
import { encodeRequest, PreparedRow } from './prepared-row.ts';

/** Names the probes' connections, so that they are left out of every figure. */
export const PROBE_APPLICATION = 'cachequake-probe';

const CONNECT_TIMEOUT_MS = 3_000;
const QUERY_TIMEOUT_MS = 2_000;
const RECONNECT_MS = 200;

/** SQLSTATE classes of a server that is away: connection exception, operator intervention, too many connections. */
const AWAY = /^(08|57P|53300|57014)/;

/** Statements of all sessions that pg_stat_statements counts all the same. */
let tracked = 0;

/** How many statements of the probes stand in pg_stat_statements, up to those on their way. */
export function trackedStatements(): number {
  return tracked;
}

export class PostgresSession {
  readonly #url: string;
  #client: Client | null = null;
  #reconnect: NodeJS.Timeout | undefined;
  #closed = false;
  /** True where the probe's own statements do not appear in pg_stat_statements. */
  #untracked = false;
  /** Requests for single rows whose statements this connection has prepared, by name. */
  #requests = new Map<string, Buffer>();

  /** Questions without an answer yet. */
  #pending = 0;
  /** One timer that each question puts off: the client library's own makes one for every question, which costs more. */
  readonly #limit = setTimeout(() => {
    if (this.#pending > 0 && this.#client) this.#lose(this.#client);
  }, QUERY_TIMEOUT_MS).unref();

  private constructor(url: string) {
    this.#url = url;
  }

  /** Connects; rejects with pg's error where it cannot. */
  static async open(url: string): Promise<PostgresSession> {
    const session = new PostgresSession(url);
    await session.#connect();
    return session;
  }

  /**
   * The rows as arrays, prepared under `name`; null while Postgres is away. Rejects for a wrong statement.
   */
  async rows(name: string, sql: string, values: unknown[] = []): Promise<unknown[][] | null> {
    const client = this.#client;
    if (!client) return null;
    return this.#ask(client, async () => {
      return (await client.query<unknown[]>({ name, text: sql, values, rowMode: 'array' })).rows;
    });
  }

  /** The single row of a statement whose columns are all numbers; null while Postgres is away. */
  async numbers(name: string, sql: string): Promise<number[] | null> {
    const client = this.#client;
    if (!client) return null;
    const request = this.#requests.get(name);
    if (request)
      return this.#ask(
        client,
        () =>
          new Promise<number[] | null>((resolve, reject) => {
            client.query(new PreparedRow(request, (error, row) => (error ? reject(error) : resolve(row ?? null))));
          }),
      );
    const rows = await this.rows(name, sql);
    if (rows && client === this.#client) this.#requests.set(name, encodeRequest(name));
    return (rows?.[0] as number[] | undefined) ?? null;
  }

  async #ask<T>(client: Client, question: () => Promise<T>): Promise<T | null> {
    if (!this.#untracked) tracked++;
    if (this.#pending++ === 0) this.#limit.refresh();
    try {
      return await question();
    } catch (error) {
      const { code } = error as { code?: string };
      if (code !== undefined && !AWAY.test(code) && !/^E[A-Z]+$/.test(code)) throw error;
      this.#lose(client);
      return null;
    } finally {
      this.#pending--;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#reconnect);
    clearTimeout(this.#limit);
    const client = this.#client;
    this.#client = null;
    await client?.end().catch(() => {});
  }

  async #connect(): Promise<void> {
    const client = new Client({
      connectionString: this.#url,
      application_name: PROBE_APPLICATION,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    });
    client.on('error', () => this.#lose(client));
    client.on('end', () => this.#lose(client));
    try {
      await client.connect();
      // Only a superuser, or a role that was granted it, may keep its statements out.
      const untrack = { text: "set pg_stat_statements.track = 'none'", query_timeout: QUERY_TIMEOUT_MS };
      this.#untracked = await client.query(untrack).then(
        () => true,
        () => false,
      );
      tracked++;
    } catch (error) {
      await client.end().catch(() => {});
      throw error;
    }
    if (this.#closed) await client.end().catch(() => {});
    else this.#client = client;
  }

  #lose(client: Client): void {
    if (this.#client !== client) return;
    this.#client = null;
    this.#requests.clear();
    void client.end().catch(() => {});
    this.#retry();
  }

  #retry(): void {
    if (this.#closed) return;
    this.#reconnect = setTimeout(() => {
      this.#connect().catch(() => this.#retry());
    }, RECONNECT_MS);
  }
}
