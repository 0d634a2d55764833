/**
 * Counts the statements that the database really ran, and the time it spent on them, from pg_stat_statements. Unlike
 * the database's own statistics these counters are exact at once, so they can be compared with what was offered.
 */
import { HarnessError } from '../contract/errors.ts';
import { defineProbe, type ProbeEvidence } from '../contract/probe.ts';
import { Growth } from './engine/growth.ts';
import { PostgresLook, type LookPart } from './engine/postgres-look.ts';
import { trackedStatements, type PostgresSession } from './engine/postgres-session.ts';

/** How many statements are kept, by time and by calls. */
const TOP = 15;
const MAX_TEXT = 2_000;

export default defineProbe({
  id: 'postgres-statements',
  title: 'Postgres statements',
  everyMs: 50,
  needs: ['postgres'],
  async open({ stack }) {
    const look = await PostgresLook.open(stack.postgresUrl);
    const { session } = look;
    try {
      const { view, database } = await prepare(session, stack.manifest.id === 'external');
      const part: LookPart = {
        name: 'statements',
        columns: 2,
        sql: `
        select coalesce(sum(calls), 0)::float8 as cachequake_probe, coalesce(sum(total_exec_time), 0)::float8
        from ${view}(false) where dbid = ${database}`,
      };
      const listSql = `
        select queryid::text || '/' || userid::text as cachequake_probe, query, calls::float8, total_exec_time, max_exec_time
        from ${view}(true) where dbid = $1 and query not like '%cachequake_probe%'`;
      const [calls, execMs] = [new Growth(), new Growth()];
      const ownAtOpen = trackedStatements();
      let atStart = new Map<string, Statement>();
      const list = async (): Promise<Map<string, Statement>> => {
        const rows = (await session.rows('list', listSql, [database])) ?? [];
        return new Map(rows.map((row) => [row[0] as string, statementOf(row)]));
      };
      return {
        fields: [
          {
            id: 'db.queriesPerSec',
            title: 'Database queries',
            unit: '/s',
            kind: 'counter',
            totalId: 'db.totalQueries',
          },
          {
            id: 'db.execMsPerSec',
            title: 'Time spent in queries',
            unit: 'ms/s',
            kind: 'counter',
            totalId: 'db.totalExecMs',
          },
        ],
        async sample() {
          // A statement counts itself when it ends, so this one is not in its own sum.
          const own = trackedStatements() - ownAtOpen;
          const row = await look.ask(part);
          if (!row) return { 'db.queriesPerSec': null, 'db.execMsPerSec': null };
          return { 'db.queriesPerSec': calls.of(row[0]!) - own, 'db.execMsPerSec': execMs.of(row[1]!) };
        },
        async begin() {
          atStart = await list();
        },
        async finish() {
          return { statements: topStatements(await list(), atStart) };
        },
        close: () => look.close(),
      };
    } catch (error) {
      await look.close();
      throw error;
    }
  },
});

interface Statement {
  sql: string;
  calls: number;
  totalMs: number;
  maxMs: number;
}

/** Creates the extension where it is missing, and clears it where the database is ours. */
async function prepare(session: PostgresSession, external: boolean): Promise<{ view: string; database: number }> {
  try {
    const installed = await session.rows(
      'installed',
      `select nspname as cachequake_probe from pg_extension join pg_namespace n on n.oid = extnamespace
       where extname = 'pg_stat_statements'`,
    );
    if (installed?.length === 0) await session.rows('create', 'create extension if not exists pg_stat_statements');
    const [row] =
      (await session.rows(
        'where',
        `select quote_ident(nspname) as cachequake_probe, (select oid from pg_database where datname = current_database())::int8::float8
         from pg_extension join pg_namespace n on n.oid = extnamespace where extname = 'pg_stat_statements'`,
      )) ?? [];
    const view = `${String(row?.[0])}.pg_stat_statements`;
    const database = Number(row?.[1]);
    // Fewer entries make each look cheaper; figures are differences, so a database that is not ours is left alone.
    if (!external) await session.rows('reset', `select ${view}_reset(0, $1, 0) as cachequake_probe`, [database]);
    await session.rows('try', `select count(*) as cachequake_probe from ${view}(false)`);
    return { view, database };
  } catch (cause) {
    throw new HarnessError('POSTGRES_FAILED', `pg_stat_statements cannot be read: ${(cause as Error).message}`, {
      hint: 'start Postgres with shared_preload_libraries=pg_stat_statements, and let the role create the extension',
      cause,
    });
  }
}

function statementOf(row: unknown[]): Statement {
  const [, sql, calls, totalMs, maxMs] = row as [string, string, number, number, number];
  return { sql: sql.replace(/\s+/g, ' ').trim().slice(0, MAX_TEXT), calls, totalMs, maxMs };
}

/** What ran since the recorded part began: the most expensive and the most frequent. The maximum is since the open. */
function topStatements(now: Map<string, Statement>, before: Map<string, Statement>): ProbeEvidence['statements'] {
  const grown = [...now].flatMap(([id, statement]) => {
    const was = before.get(id);
    const calls = statement.calls - (was?.calls ?? 0);
    const totalMs = statement.totalMs - (was?.totalMs ?? 0);
    return calls > 0 ? [{ sql: statement.sql, calls, totalMs, meanMs: totalMs / calls, maxMs: statement.maxMs }] : [];
  });
  const byTime = grown.toSorted((a, b) => b.totalMs - a.totalMs);
  const byCalls = grown.toSorted((a, b) => b.calls - a.calls);
  const kept = new Set([...byTime.slice(0, TOP), ...byCalls.slice(0, TOP)]);
  return byTime.filter((statement) => kept.has(statement));
}
