import type { SourceServer } from '../../runtime.js';
import { RuntimeError } from '../../runtime-error.js';
import type { Connection } from '../sql/connection.js';
import { PASS_FILE } from '../workbench/workbench.js';

/** How long a connection may take to be made, with the login. */
export const CONNECT_S = 15;

/** The first libpq that knows the authorities that the system trusts. */
const KNOWS_AUTHORITIES = 16;

/**
 * How programs of PostgreSQL find a source: libpq's variables, of which none is secret. The name is for its
 * certificate; what is connected to is the address. In a
 * variable a database's name means itself, whatever it looks like: as an argument it could be a whole connection string. No `options`: poolers of others refuse them.
 *
 * @param major of the programs. Rejects with `source_unusable` what they cannot do.
 */
export function sourceConnection(server: SourceServer, major: number): Connection {
  const { host, address, port, database, user, sslMode } = server;
  if (sslMode === 'verify-full' && major < KNOWS_AUTHORITIES) {
    const message = `The programs of PostgreSQL ${major} do not know whose certificates to trust, which sslmode=verify-full needs: import into version ${KNOWS_AUTHORITIES} or newer, or use sslmode=require`;
    throw new RuntimeError('source_unusable', message);
  }
  return {
    PGHOST: host,
    PGHOSTADDR: address,
    PGPORT: String(port),
    PGDATABASE: database,
    PGUSER: user,
    PGPASSFILE: PASS_FILE,
    PGSSLMODE: sslMode,
    ...(sslMode === 'verify-full' && { PGSSLROOTCERT: 'system' }),
    PGGSSENCMODE: 'disable',
    PGCONNECT_TIMEOUT: String(CONNECT_S),
    PGAPPNAME: 'paasdb',
    PGCLIENTENCODING: 'UTF8',
    LC_ALL: 'C',
  };
}

/** The line of a password file that is for every server. */
export function passLine(password: string): string {
  if (/[\n\r\0]/.test(password)) {
    throw new RuntimeError('source_unusable', 'The password of the source has a line break in it');
  }
  return `*:*:*:*:${password.replaceAll('\\', '\\\\').replaceAll(':', '\\:')}\n`;
}
