/**
 * How many backends work and wait right now. Twenty looks a second catch the spike of a stampede, which lasts as long
 * as a few slow queries and vanishes in averages.
 */
import { defineProbe } from '../contract/probe.ts';
import { PostgresLook, type LookPart } from './engine/postgres-look.ts';
import { PROBE_APPLICATION } from './engine/postgres-session.ts';

/** An active backend waits where it is held up by others or by the disk; sleeping on purpose is not waiting. */
const PART: LookPart = {
  name: 'activity',
  columns: 3,
  sql: `
  select count(*) filter (where state = 'active')::int as cachequake_probe,
         count(*) filter (where state = 'active' and wait_event_type in ('Lock', 'LWLock', 'BufferPin', 'IO', 'IPC'))::int,
         count(*)::int
  from pg_stat_activity
  where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid()
    and application_name not in ('${PROBE_APPLICATION}', 'cachequake-admin')`,
};

export default defineProbe({
  id: 'postgres-activity',
  title: 'Postgres backends',
  everyMs: 50,
  needs: ['postgres'],
  async open({ stack }) {
    const look = await PostgresLook.open(stack.postgresUrl);
    return {
      fields: [
        { id: 'db.active', title: 'Active backends', unit: 'backends', kind: 'gauge', totalId: 'db.activeMax' },
        { id: 'db.waiting', title: 'Waiting backends', unit: 'backends', kind: 'gauge', totalId: 'db.waitingMax' },
        {
          id: 'db.connections',
          title: 'Database connections',
          unit: 'connections',
          kind: 'gauge',
          totalId: 'db.connectionsMax',
        },
      ],
      async sample() {
        const row = await look.ask(PART);
        return {
          'db.active': row?.[0] ?? null,
          'db.waiting': row?.[1] ?? null,
          'db.connections': row?.[2] ?? null,
        };
      },
      finish: () => Promise.resolve({}),
      close: () => look.close(),
    };
  },
});
