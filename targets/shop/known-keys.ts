/** Every product key that exists now, for defences that must know which keys exist: in batches along the primary key. */
import type { Pool } from 'pg';
import { productKey } from './product-page.ts';

const BATCH = 5000;

/** Gives each key once, in order; rows that come or go meanwhile may or may not be among them. */
export async function* knownKeys(pool: Pool): AsyncGenerator<string> {
  for (let after = -1; ;) {
    const { rows } = await pool.query<{ id: number }>({
      name: 'known-keys',
      text: 'SELECT id FROM shop.products WHERE id > $1 ORDER BY id LIMIT $2',
      values: [after, BATCH],
    });
    for (const { id } of rows) yield productKey(id);
    const last = rows.at(-1);
    if (last === undefined || rows.length < BATCH) return;
    after = last.id;
  }
}
