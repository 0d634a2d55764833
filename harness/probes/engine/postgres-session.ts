/**
 * A probe's own connection to Postgres: direct, named, kept out of pg_stat_statements where the role may do so, and
 * opened again when it breaks. What it asks while Postgres is away is answered with null and not with an error.
 */
import { Client } from 'pg';

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
    if (!this.#untracked) tracked++;
    try {
      return (await client.query<unknown[]>({ name, text: sql, values, rowMode: 'array' })).rows;
    } catch (error) {
      const { code } = error as { code?: string };
      if (code !== undefined && !AWAY.test(code) && !/^E[A-Z]+$/.test(code)) throw error;
      this.#lose(client);
      return null;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#reconnect);
    const client = this.#client;
    this.#client = null;
    await client?.end().catch(() => {});
  }

  async #connect(): Promise<void> {
    const client = new Client({
      connectionString: this.#url,
      application_name: PROBE_APPLICATION,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      query_timeout: QUERY_TIMEOUT_MS,
    });
    client.on('error', () => this.#lose(client));
    client.on('end', () => this.#lose(client));
    try {
      await client.connect();
      // Only a superuser, or a role that was granted it, may keep its statements out.
      this.#untracked = await client.query("set pg_stat_statements.track = 'none'").then(
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
