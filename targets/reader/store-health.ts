/** Says once when the store goes away and once when it is back, instead of once for each of thousands of reads. */
import { messageOf } from '../../harness/contract/errors.ts';
import type { Log } from '../../harness/contract/time.ts';

export interface StoreHealth {
  answered(): void;
  failed(error: unknown): void;
}

export function createStoreHealth(log: Log): StoreHealth {
  let failures = 0;
  return {
    answered() {
      if (failures === 0) return;
      log.info(`cache answers again after ${failures} failed operations`);
      failures = 0;
    },
    failed(error) {
      if (failures++ === 0) log.warn(`cache failed, the database is asked instead: ${messageOf(error)}`);
    },
  };
}
