import { TENANTS } from '../roles-sql.js';
import { identifier } from './quote.js';
import type { Session } from './session.js';
import { SqlError, STILL_DEPENDED_ON } from './sql-error.js';

/**
 * Drops a role that was made for one dump or load. One that is gone is dropped. One that the tenant has granted
 * something to, as who grants to every role there is, cannot go, and stays without any power: that must not keep
 * all dumps and loads to come from being made.
 */
export async function dropRole(session: Session, name: string): Promise<void> {
  const role = identifier(name);
  try {
    await session.run(`DROP ROLE IF EXISTS ${role}`);
  } catch (error) {
    if (!(error instanceof SqlError && error.sqlState === STILL_DEPENDED_ON)) throw error;
    await session.run(`ALTER ROLE ${role} NOLOGIN NOBYPASSRLS PASSWORD NULL`);
    await session.run(`REVOKE ${TENANTS} FROM ${role}`);
  }
}
