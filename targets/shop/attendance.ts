/**
 * The defences that fill no layer, at work in the shop: before traffic and on writes. Costs nothing where none of them
 * stands in the stack.
 */
import type { FastifyInstance } from 'fastify';
import type { Pool } from 'pg';
import type { AttendContext, Attendant } from '../../harness/contract/defence.ts';
import type { WriteService } from '../../harness/contract/write.ts';
import { createAttendants } from '../reader/attend.ts';
import type { Reader } from '../reader/create-reader.ts';
import type { StackMember } from '../reader/stack.ts';
import { createAccessLog } from './access-log.ts';

interface Attendance<T> {
  /** Reads through the reader, and counts the read where somebody wants to know. */
  read: Reader<T>['read'];
  /** The writes of the shop, each told to those who attend. */
  over(writes: WriteService): WriteService;
  beforeTraffic(): Promise<void>;
  close(): Promise<void>;
}

/** @param pool for the access log */
export function createAttendance<T>(
  stack: readonly StackMember[],
  reader: Reader<T>,
  pool: Pool,
  context: Omit<AttendContext<unknown>, 'parameters' | 'refresh' | 'mostRead' | 'store'>,
): Attendance<T> {
  const read: Reader<T>['read'] = (key) => reader.read(key);
  if (!stack.some(({ defence }) => defence.attend))
    return { read, over: (writes) => writes, beforeTraffic: async () => {}, close: async () => {} };

  const accessLog = stack.some(({ defence }) => defence.usesAccessLog) ? createAccessLog(pool, context.log) : null;
  const attendants: Required<Attendant> = createAttendants(stack, {
    ...context,
    store: reader.store,
    refresh: (key) => reader.refresh(key),
    mostRead: async (limit) => accessLog?.mostRead(limit) ?? [],
  });
  return {
    read: accessLog
      ? async (key) => {
          const answer = await reader.read(key);
          // Keys that do not exist are not worth being warm, however often somebody asks for them.
          if (answer.value !== null) accessLog.note(key);
          return answer;
        }
      : read,
    over: (writes) => ({
      ...writes,
      async write(request) {
        const written = await writes.write(request);
        if (written !== null) attendants.written(request.key);
        return written;
      },
    }),
    beforeTraffic: () => attendants.beforeTraffic(),
    async close() {
      await attendants.close();
      await accessLog?.close();
    },
  };
}

/** `POST /cachequake/before-traffic`: for a harness that empties the cache after the instances have started. */
export function registerAttendance(app: FastifyInstance, attendance: Pick<Attendance<unknown>, 'beforeTraffic'>): void {
  app.post('/cachequake/before-traffic', async () => {
    await attendance.beforeTraffic();
    return { done: true };
  });
}
