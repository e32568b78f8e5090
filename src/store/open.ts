import Sqlite from 'better-sqlite3';
import { migrate, type MigrationFolders } from './migrate.js';
import { Store, type StoreDeps } from './store.js';

/**
 * Opens and migrates the control database. WAL alone would mean `synchronous=NORMAL`, where a power cut takes
 * back a committed row while its container lives on: every commit is synced.
 */
export function openStore(path: string, folders: MigrationFolders, deps: StoreDeps): Store {
  const sql = new Sqlite(path);
  try {
    sql.pragma('journal_mode = WAL');
    sql.pragma('synchronous = FULL');
    sql.pragma('foreign_keys = ON');
    sql.pragma('busy_timeout = 5000');
    migrate(sql, folders);
    return new Store(sql, deps);
  } catch (error) {
    sql.close();
    throw error;
  }
}
