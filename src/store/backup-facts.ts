import type { Database } from '../domain/records.js';
import { LAST_BACKUP_AT, LAST_VERIFIED_AT } from './last-backup.js';
import type { Store } from './store.js';

/** What says of a live database whether it is backed up as it should be. */
export type BackupFacts = Pick<
  Database,
  'id' | 'org' | 'app' | 'name' | 'plan' | 'status' | 'readyAt' | 'lastBackupAt' | 'lastVerifiedBackupAt'
>;

/** Of all databases that were ready once and that nobody deletes. */
export function listBackupFacts(store: Store): BackupFacts[] {
  return store.all<BackupFacts>(
    `SELECT d.id, a.org, a.slug AS app, d.name, d.plan, d.status, d.ready_at AS readyAt,
       ${LAST_BACKUP_AT} AS lastBackupAt, ${LAST_VERIFIED_AT} AS lastVerifiedBackupAt
     FROM databases d JOIN apps a ON a.id = d.app_id
     WHERE d.ready_at IS NOT NULL AND d.status IN ('ready', 'failed')`,
  );
}

/** How many live databases there are of each status. */
export function countDatabasesByStatus(store: Store): { status: string; count: number }[] {
  return store.all(
    `SELECT status, count(*) AS count FROM databases WHERE status <> 'deleted' GROUP BY status`,
  );
}

/** How many operations are queued and running of each kind. */
export function countUnfinishedOperations(store: Store): { kind: string; status: string; count: number }[] {
  return store.all(
    `SELECT kind, status, count(*) AS count FROM operations WHERE status IN ('queued', 'running')
     GROUP BY kind, status`,
  );
}
