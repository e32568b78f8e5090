import { OWNER_ROLE, TENANTS } from '../roles-sql.js';
import { identifier, literal } from '../sql/quote.js';
import type { LoadNames } from './load-names.js';

const OWNER = identifier(OWNER_ROLE);

/**
 * Statements for the superuser that make the database to load and the role that loads it.
 *
 * @param keepsOwners the role gets all that the tenant's roles have, to give everything back to whom it belonged.
 *   Otherwise it has nothing but the new database: as the tenant, what a stranger wrote could drop theirs.
 */
export function makeFresh(
  { fresh, role }: LoadNames,
  { verifier, keepsOwners }: { verifier: string; keepsOwners: boolean },
): string[] {
  const loader = identifier(role);
  const database = identifier(fresh);
  return [
    // Rows that are hidden from their owner too are to be counted.
    `CREATE ROLE ${loader} LOGIN INHERIT BYPASSRLS NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION
      PASSWORD ${literal(verifier)}`,
    `CREATE DATABASE ${database} TEMPLATE template0 OWNER ${keepsOwners ? OWNER : loader}`,
    `REVOKE ALL ON DATABASE ${database} FROM PUBLIC`,
    ...(keepsOwners
      ? [`GRANT ALL ON DATABASE ${database} TO ${loader}`, `GRANT ${TENANTS} TO ${loader}`]
      : []),
  ];
}

/**
 * Statements for the superuser after the load: nobody is the loading role any more, and the tenant may take what
 * it has.
 */
export function retireLoader({ fresh, role }: LoadNames): string[] {
  const loader = identifier(role);
  const database = identifier(fresh);
  return [
    `ALTER ROLE ${loader} NOLOGIN NOBYPASSRLS PASSWORD NULL`,
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = ${literal(role)}`,
    `REVOKE ${TENANTS} FROM ${loader}`,
    `ALTER DATABASE ${database} OWNER TO ${OWNER}`,
    `GRANT ALL ON DATABASE ${database} TO ${OWNER}`,
    `GRANT ${loader} TO ${OWNER}`,
  ];
}
