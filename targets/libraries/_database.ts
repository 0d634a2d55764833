/**
 * The database of the library cases: it counts what it is asked, takes a fixed time, and can fail or hang. Time is
 * waited and not worked, so that what is measured is the library and not the cores of this machine.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { LibraryValue } from '../../harness/contract/library.ts';

/** About what a row of a product page weighs. */
const BODY = 'x'.repeat(512);

export interface CaseDatabase {
  /** Of every row; a write raises it. */
  version: number;
  mood: 'works' | 'fails' | 'hangs';
  recomputeMs: number;
  loads: number;
  /** The most loads that were under way at once. */
  mostAtOnce: number;
  /** When each load began, epoch ms. */
  readonly startedAtMs: number[];
  load(key: string): Promise<LibraryValue>;
}

/** @param recomputeMs how long one load takes, ms */
export function createCaseDatabase(recomputeMs: number): CaseDatabase {
  let underWay = 0;
  const database: CaseDatabase = {
    version: 1,
    mood: 'works',
    recomputeMs,
    loads: 0,
    mostAtOnce: 0,
    startedAtMs: [],
    async load(key) {
      // The row is read when the load begins, and may be an old one when the load ends.
      const { version, mood } = database;
      database.loads++;
      database.startedAtMs.push(performance.timeOrigin + performance.now());
      database.mostAtOnce = Math.max(database.mostAtOnce, ++underWay);
      try {
        if (mood === 'hangs') await new Promise<never>(() => {});
        await delay(database.recomputeMs);
        if (mood === 'fails') throw new Error(`the database fails for ${key}`);
        return { version, body: BODY };
      } finally {
        underWay--;
      }
    },
  };
  return database;
}
