/**
 * Asks for one row of numbers from a statement that is already prepared. Twenty times a second the client library's
 * general query costs the probe more than everything else it does, so the request is encoded once and the answer read
 * as numbers. It is a `Submittable`, the library's own way to bring another kind of query.
 * The messages are those of the Postgres protocol: https://www.postgresql.org/docs/current/protocol-message-formats.html
 */
import type { Connection, Submittable } from 'pg';

type Answered = (error: Error | null, row?: number[]) => void;

/** Bind without parameters, Execute and Sync for the prepared statement of this name, as bytes. */
export function encodeRequest(statement: string): Buffer {
  const portal = text('');
  const noFormatsNoParametersNoResultFormats = Buffer.alloc(6);
  const allRows = Buffer.alloc(4);
  return Buffer.concat([
    message('B', portal, text(statement), noFormatsNoParametersNoResultFormats),
    message('E', portal, allRows),
    message('S'),
  ]);
}

/** One such question. */
export class PreparedRow implements Submittable {
  readonly callback: Answered;
  readonly #request: Buffer;
  #row: number[] | undefined;

  constructor(request: Buffer, callback: Answered) {
    this.#request = request;
    this.callback = callback;
  }

  submit(connection: Connection): void {
    connection.stream.write(this.#request);
  }

  handleDataRow({ fields }: { fields: (string | null)[] }): void {
    this.#row ??= fields.map(Number);
  }

  handleCommandComplete(): void {}

  handleReadyForQuery(): void {
    this.callback(null, this.#row);
  }

  handleError(error: Error): void {
    this.callback(error);
  }
}

function message(type: string, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const head = Buffer.alloc(5);
  head.write(type, 0, 'ascii');
  head.writeInt32BE(4 + body.length, 1);
  return Buffer.concat([head, body]);
}

function text(value: string): Buffer {
  return Buffer.from(`${value}\0`);
}
