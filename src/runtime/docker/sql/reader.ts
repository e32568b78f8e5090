import type { Login } from '../../../domain/environment.js';
import type { Logger } from '../../../domain/logger.js';
import { generateId, generatePassword } from '../../../secrets/random.js';
import { scramVerifier } from '../../../secrets/scram.js';
import type { Execs } from '../engine/exec.js';
import { TENANTS } from '../roles-sql.js';
import { identifier, literal } from './quote.js';
import { dropRole } from './drop-role.js';
import type { Session } from './session.js';
import { asSuperuser } from './superuser.js';

const PREFIX = 'paasdb_dump_';
/** Its sessions end when they are told to. */
const ENDING_MS = 10_000;
const CLEANING_MS = 30_000;

/** The server whose data is to be read. */
export interface ReaderPlace {
  execs: Execs;
  /** Its container. */
  containerId: string;
  /** The same for as long as this process lives: what another one made, nobody uses any more. */
  processId: string;
  logger: Logger;
}

/**
 * Makes a login for as long as `use` takes. It may read what any of the tenant's roles has made, and the rows that
 * policies hide from all of them; it is no superuser, so that nothing of the tenant's is run by one. In the end all that
 * it still does is ended, and it is removed.
 */
export function withReader<T>(
  { execs, containerId, processId, logger }: ReaderPlace,
  use: (reader: Login) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const inSession = async (superuser: Session) => {
    const reader = await makeReader(superuser, processId);
    const remove = (session: Session) => removeReader(session, reader);
    try {
      return await use(reader);
    } finally {
      // What failed may have taken the session with it.
      const inAnother = () => asSuperuser(execs, containerId, remove, AbortSignal.timeout(CLEANING_MS));
      await remove(superuser)
        .catch(inAnother)
        .catch((error: unknown) => {
          // As when PostgreSQL is down. The next process's first reader finds it.
          logger.debug(
            { container: containerId, role: reader.role, err: error },
            'could not remove a reader',
          );
        });
    }
  };
  return asSuperuser(execs, containerId, inSession, signal);
}

async function makeReader(session: Session, processId: string): Promise<Login> {
  const role = `${PREFIX}${processId}_${generateId()}`;
  const password = generatePassword();
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
  return { role, password };
}

async function removeReader(session: Session, { role }: Login): Promise<void> {
  await session.query(
    `SELECT pg_terminate_backend(pid, ${ENDING_MS}) FROM pg_stat_activity WHERE usename = ${literal(role)}`,
  );
  await dropRole(session, role);
}
