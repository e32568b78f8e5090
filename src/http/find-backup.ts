import type { Backup } from '../domain/backup.js';
import type { Database } from '../domain/records.js';
import { findBackup } from '../store/backups.js';
import type { Store } from '../store/store.js';
import { Problem } from './problem.js';

/** The backup that a path names. */
export function requireBackup(store: Store, database: Database, id: string): Backup {
  const backup = findBackup(store, database.id, id);
  if (!backup) throw new Problem('backup_not_found', `database ${database.name} has no backup ${id}`);
  return backup;
}
