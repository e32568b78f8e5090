import { RuntimeError } from '../../runtime-error.js';
import { identifier } from '../sql/quote.js';
import type { Session } from '../sql/session.js';

/** As many as pg_restore has. */
const SESSIONS = 2;
/** As long as it takes statistics to be of use; autovacuum goes on with them. */
const LIMIT_MS = 15 * 60_000;

/** A partition is analyzed with what it is a part of. PostgreSQL's own tables can wait for autovacuum. */
const TABLES = `
  SELECT n.nspname AS schema, c.relname AS name
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'm') AND NOT c.relispartition AND c.relpersistence <> 't'
    AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  ORDER BY pg_catalog.pg_table_size(c.oid) DESC`;

type Table = { schema: string; name: string };

/**
 * Gathers what the planner wants to know, which is not in a dump. Without it everything works, if slowly: what
 * PostgreSQL refuses here is no failure.
 */
export async function analyze(
  inDatabase: <T>(use: (session: Session) => Promise<T>) => Promise<T>,
): Promise<void> {
  const tables = await orNothing(() => inDatabase((session) => session.query<Table>(TABLES)));
  if (!tables) return;
  const over = AbortSignal.timeout(LIMIT_MS);
  const next = () => (over.aborted ? undefined : tables.shift());
  const worker = () => orNothing(() => inDatabase((session) => work(session, next)));
  await Promise.all(Array.from({ length: Math.min(SESSIONS, tables.length) }, worker));
}

/** Takes one table after the other, from the largest. */
async function work(session: Session, next: () => Table | undefined): Promise<void> {
  await session.run(`SET statement_timeout = ${LIMIT_MS}`);
  for (let table = next(); table; table = next()) {
    const name = `${identifier(table.schema)}.${identifier(table.name)}`;
    await orNothing(() => session.run(`ANALYZE ${name}`));
  }
}

/** What PostgreSQL refuses, a session too many among it, is left out. */
async function orNothing<T>(work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RuntimeError && error.code === 'load_failed') return null;
    throw error;
  }
}
