import type { Login } from '../../../domain/environment.js';
import { generateId, generatePassword } from '../../../secrets/random.js';
import { scramVerifier } from '../../../secrets/scram.js';
import type { Execs } from '../engine/exec.js';
import { dropRole } from './drop-role.js';
import { asSuperuser } from './superuser.js';
import { identifier, literal, LOGIN_ROLES, OWNER_ROLE } from '../roles-sql.js';

const PREFIX = 'paasdb_dump_';
const TENANTS = [OWNER_ROLE, ...LOGIN_ROLES].map(identifier).join(', ');
/** Its sessions end when they are told to. */
const ENDING_MS = 10_000;

/** The server whose data is to be read. */
export interface ReaderPlace {
  execs: Execs;
  /** Its container. */
  containerId: string;
  /** The same for as long as this process lives: what another one made, nobody uses any more. */
  processId: string;
}

/**
 * Makes a login for one dump. It may read what any of the tenant's roles has made, and the rows that policies hide
 * from all of them; it is no superuser, so that nothing of the tenant's is run by one.
 */
export async function makeReader(
  { execs, containerId, processId }: ReaderPlace,
  signal: AbortSignal,
): Promise<Login> {
  const role = `${PREFIX}${processId}_${generateId()}`;
  const password = generatePassword();
  await asSuperuser(
    execs,
    containerId,
    async (session) => {
      const stale = await session.query<{ role: string }>(
        `SELECT rolname AS role FROM pg_roles
         WHERE starts_with(rolname, ${literal(PREFIX)}) AND NOT starts_with(rolname, ${literal(`${PREFIX}${processId}_`)})`,
      );
      for (const one of stale) await dropRole(session, one.role);
      // As one statement, so that the role is never there without its limits.
      await session.run(
        `CREATE ROLE ${identifier(role)} LOGIN INHERIT BYPASSRLS NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION
         PASSWORD ${literal(scramVerifier(password))}`,
      );
      await session.run(`GRANT ${TENANTS} TO ${identifier(role)}`);
    },
    signal,
  );
  return { role, password };
}

/** Ends all that a reader still does, and removes it. */
export function removeReader(
  { execs, containerId }: ReaderPlace,
  { role }: Login,
  signal: AbortSignal,
): Promise<void> {
  return asSuperuser(
    execs,
    containerId,
    async (session) => {
      await session.query(
        `SELECT pg_terminate_backend(pid, ${ENDING_MS}) FROM pg_stat_activity WHERE usename = ${literal(role)}`,
      );
      await dropRole(session, role);
    },
    signal,
  );
}
