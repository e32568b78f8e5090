import type { Backup } from '../domain/backup.js';
import type { Database } from '../domain/records.js';
import type { BackupKey } from './backup-key.js';

/** Where the files of a backup are, by its rows. */
export function keyOf(database: Database, backup: Pick<Backup, 'id' | 'createdAt'>): BackupKey {
  return {
    org: database.org,
    app: database.app,
    databaseName: database.name,
    databaseId: database.id,
    backupId: backup.id,
    createdAt: backup.createdAt,
  };
}
