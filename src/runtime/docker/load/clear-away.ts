import { identifier, literal } from '../sql/quote.js';
import { dropRole } from '../sql/drop-role.js';
import type { Session } from '../sql/session.js';
import { APPLICATION_NAME } from '../sql/superuser.js';
import { ANY_FRESH, ANY_OF_A_LOAD, ANY_ROLE } from './load-names.js';

const ENDING_MS = 10_000;

/**
 * Drops what loads have made that did not come to their end, in a session of the superuser. For when no load of
 * this database is at work. Returns whether there was anything.
 */
export async function clearAway(session: Session): Promise<boolean> {
  // What was given up while it was made is made all the same, and would be there after we looked.
  await session.query(
    `SELECT pg_terminate_backend(pid, ${ENDING_MS}) FROM pg_stat_activity
     WHERE usename = 'postgres' AND application_name = ${literal(APPLICATION_NAME)} AND pid <> pg_backend_pid()
       AND query ~ ${literal(ANY_OF_A_LOAD)}`,
  );
  const databases = await session.query<{ name: string }>(
    `SELECT datname AS name FROM pg_database WHERE datname ~ ${literal(ANY_FRESH)}`,
  );
  for (const { name } of databases) await dropDatabase(session, name);
  const roles = await session.query<{ name: string }>(
    `SELECT rolname AS name FROM pg_roles WHERE rolname ~ ${literal(ANY_ROLE)}`,
  );
  for (const { name } of roles) await dropRole(session, name);
  return databases.length + roles.length > 0;
}

/** Drops a database, whoever is connected to it. One that is gone is dropped. */
export async function dropDatabase(session: Session, name: string): Promise<void> {
  const [found] = await session.query<{ template: boolean }>(
    `SELECT datistemplate AS template FROM pg_database WHERE datname = ${literal(name)}`,
  );
  // Its owner can make it one, and a template is not dropped.
  if (found?.template) await session.run(`ALTER DATABASE ${identifier(name)} IS_TEMPLATE false`);
  await session.run(`DROP DATABASE IF EXISTS ${identifier(name)} WITH (FORCE)`);
}
