import type { Session } from '../sql/session.js';
import { OWNER_ROLE } from '../roles-sql.js';
import { identifier, literal } from '../sql/quote.js';

/** Tables per transaction: each takes several locks, of which PostgreSQL has some thousands. */
const BATCH = 100;

const OWNER = identifier(OWNER_ROLE);

/**
 * Gives all that a role has in a database to the tenant, in a session of the tenant's who belongs to it. In the
 * end nothing there knows of the role.
 */
export async function handOver(session: Session, role: string): Promise<void> {
  const schemas = await session.query<{ name: string }>(
    `SELECT nspname AS name FROM pg_catalog.pg_namespace WHERE nspowner = ${literal(role)}::regrole`,
  );
  await inBatches(
    session,
    schemas.map(({ name }) => `ALTER SCHEMA ${identifier(name)} OWNER TO ${OWNER}`),
  );
  const tables = await session.query<{ schema: string; name: string }>(tablesOf(role));
  await inBatches(
    session,
    tables.map(
      ({ schema, name }) => `ALTER TABLE ${identifier(schema)}.${identifier(name)} OWNER TO ${OWNER}`,
    ),
  );
  await session.run(`REASSIGN OWNED BY ${identifier(role)} TO ${OWNER}`);
  await session.run(`DROP OWNED BY ${identifier(role)}`);
}

/** A sequence of a column follows its table. */
function tablesOf(role: string): string {
  return `
    SELECT n.nspname AS schema, c.relname AS name
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relowner = ${literal(role)}::regrole AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
      AND c.relpersistence <> 't' AND NOT (c.relkind = 'S' AND EXISTS (
        SELECT FROM pg_catalog.pg_depend d
        WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid
          AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.deptype IN ('a', 'i')))`;
}

async function inBatches(session: Session, statements: readonly string[]): Promise<void> {
  for (let start = 0; start < statements.length; start += BATCH) {
    await session.run(statements.slice(start, start + BATCH).join(';\n'));
  }
}
