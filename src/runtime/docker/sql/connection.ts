import { asOptions, lastingSettings } from './session-settings.js';

/** How programs of PostgreSQL find a server: libpq's variables, of which none is secret. */
export type Connection = Readonly<Record<string, string>>;

/** Over the socket of the container that it is in, which asks for no password. */
export function localConnection(database: string, user = 'postgres'): Connection {
  return { PGDATABASE: database, PGUSER: user };
}

/** A connection that breaks without a word is noticed within two minutes. */
const KEEP_ALIVE = { PGCONNECT_TIMEOUT: '15' };

/** @param passFile where the password lies, in the container that connects */
export function remoteConnection({
  host,
  port,
  user,
  database,
  passFile,
}: {
  host: string;
  port: number;
  user: string;
  database: string;
  passFile: string;
}): Connection {
  return {
    PGHOST: host,
    PGPORT: String(port),
    PGUSER: user,
    PGDATABASE: database,
    PGPASSFILE: passFile,
    ...KEEP_ALIVE,
  };
}

/** Which a load keeps busy by itself: pg_restore's two jobs do, and psql with its session. */
const BUSY_PROCESSORS = 2;
/** Of PostgreSQL. */
const DEFAULT_WORKERS = 2;

/**
 * Adds what makes a load fast, and what keeps a tenant's settings from breaking it off. More memory for building indexes
 * than the server gives has been measured to make it no faster.
 *
 * @param processors of the host: workers that build an index cost more than they bring where none is free for them
 */
export function loadingWith(
  connection: Connection,
  { major, processors }: { major: number; processors: number },
): Connection {
  const workers = Math.min(DEFAULT_WORKERS, Math.max(0, processors - BUSY_PROCESSORS));
  const settings = {
    ...lastingSettings(major),
    // What a crash loses is loaded anew; the commit that ends a load has the disk keep all that came before.
    synchronous_commit: 'off',
    max_parallel_maintenance_workers: String(workers),
    client_min_messages: 'warning',
  };
  return { ...connection, PGOPTIONS: asOptions(settings), LC_ALL: 'C' };
}
