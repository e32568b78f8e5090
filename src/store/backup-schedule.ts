import { BACKED_UP_PLANS } from '../domain/plans.js';
import type { Database, Timestamp } from '../domain/records.js';
import type { Store } from './store.js';

const BACKED_UP = `plan IN (${BACKED_UP_PLANS.map((plan) => `'${plan}'`).join(', ')})`;

/**
 * The databases that are to be backed up now, those first that have waited longest. One that has a backup under way
 * waits for it; one that is not ready cannot be dumped, and stays due until it is.
 */
export function listDueForBackup(store: Store, limit: number): Pick<Database, 'id' | 'engineVersion'>[] {
  return store.all(
    `SELECT id, engine_version AS engineVersion FROM databases d
     WHERE status = 'ready' AND ${BACKED_UP} AND next_backup_at <= ?
       AND NOT EXISTS (SELECT 1 FROM operations o WHERE o.database_id = d.id AND o.kind = 'backup'
                       AND o.status IN ('queued', 'running'))
     ORDER BY next_backup_at LIMIT ?`,
    store.now(),
    limit,
  );
}

/** The ready databases for which it is not decided yet when they are backed up, or which were to be only from `horizon` on. */
export function listWithoutSchedule(store: Store, horizon: Timestamp): string[] {
  return store
    .all<{ id: string }>(
      `SELECT id FROM databases
       WHERE status = 'ready' AND ${BACKED_UP} AND (next_backup_at IS NULL OR next_backup_at >= ?)`,
      horizon,
    )
    .map(({ id }) => id);
}

/** The live databases whose backup is not due yet, with when it is. */
export function listScheduled(store: Store): { id: string; nextBackupAt: Timestamp }[] {
  return store.all(
    `SELECT id, next_backup_at AS nextBackupAt FROM databases
     WHERE status NOT IN ('deleting', 'deleted') AND next_backup_at > ?`,
    store.now(),
  );
}

export function setNextBackup(store: Store, databaseId: string, at: Timestamp): void {
  store.run('UPDATE databases SET next_backup_at = ? WHERE id = ?', at, databaseId);
}
