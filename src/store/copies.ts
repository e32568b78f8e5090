import type { Backup } from '../domain/backup.js';
import { queryBackups } from './backups.js';
import type { Store } from './store.js';

const IS_ABOUT = `k.backup_id = b.id AND k.kind = 'copy'`;

/**
 * The backups that succeeded and are kept, of which there is no copy at this location, and none under way. That one has
 * expired does not matter: what retention leaves then may be the last good one.
 */
export function listUncopiedBackups(store: Store, location: string): Backup[] {
  return queryBackups(
    store,
    `o.status = 'succeeded' AND b.removed_at IS NULL
       AND NOT EXISTS (SELECT 1 FROM operations k WHERE ${IS_ABOUT} AND (k.status IN ('queued', 'running')
         OR (k.status = 'succeeded' AND json_extract(k.result, '$.location') = ?)))
     ORDER BY b.created_at DESC, b.id`,
    location,
  );
}

/** The backups that were removed, and of whose copy at this location something may be left. */
export function listRemovedCopies(store: Store, location: string): Backup[] {
  return queryBackups(
    store,
    `b.removed_at IS NOT NULL AND b.copy_removed_at IS NULL
       AND EXISTS (SELECT 1 FROM operations k WHERE ${IS_ABOUT} AND json_extract(k.result, '$.location') = ?)
       AND NOT EXISTS (SELECT 1 FROM operations k WHERE ${IS_ABOUT} AND k.status IN ('queued', 'running'))`,
    location,
  );
}

export function markCopyRemoved(store: Store, id: string): void {
  store.run('UPDATE backups SET copy_removed_at = ? WHERE id = ?', store.now(), id);
}

/** The public keys of age that backups which are kept, or their copies, are encrypted for. */
export function listBackupRecipients(store: Store): string[] {
  return store
    .all<{ recipient: string }>(
      `SELECT DISTINCT recipient FROM (
         SELECT recipient FROM backups WHERE removed_at IS NULL
         UNION SELECT json_extract(k.result, '$.recipient') FROM operations k JOIN backups b ON b.id = k.backup_id
           WHERE k.kind = 'copy' AND k.status = 'succeeded' AND b.removed_at IS NULL)
       WHERE recipient IS NOT NULL ORDER BY recipient`,
    )
    .map(({ recipient }) => recipient);
}
