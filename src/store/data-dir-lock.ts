import Sqlite from 'better-sqlite3';
import { join } from 'node:path';
import { sqliteCodeOf } from './store.js';

/**
 * Takes the data directory for this process, for as long as the returned lock is not released. It is an open
 * exclusive transaction on a file of its own: the kernel lets go of it when the process dies, however it
 * dies. Throws when another daemon holds it.
 */
export function lockDataDir(dataDir: string): { release: () => void } {
  const sql = new Sqlite(join(dataDir, 'daemon.lock'), { timeout: 0 });
  try {
    sql.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    sql.close();
    if (sqliteCodeOf(error) === 'SQLITE_BUSY') {
      throw new Error(
        `another paasdb daemon runs on ${dataDir}: stop it, or give this one its own PAASDB_DATA_DIR`,
        { cause: error },
      );
    }
    throw error;
  }
  return { release: () => sql.close() };
}
