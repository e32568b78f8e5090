/**
 * When the last good backup of the database `d` was begun: it holds what the database held then. Backups of a database
 * are made in the order in which they were asked for, whatever the clock said. Mostly few rows are read, however many
 * there are.
 */
export const LAST_BACKUP_AT = `(SELECT o.started_at FROM operations o JOIN backups b ON b.operation_id = o.id
  WHERE o.database_id = d.id AND o.kind = 'backup' AND o.status = 'succeeded' AND b.removed_at IS NULL
  ORDER BY o.seq DESC LIMIT 1)`;

/** When a backup of the database `d` was last proved, of those whose latest verification did not fail. */
export const LAST_VERIFIED_AT = `(SELECT max(b.verified_at) FROM backups b
  WHERE b.database_id = d.id AND b.removed_at IS NULL AND b.verified_at IS NOT NULL
    AND coalesce((SELECT v.status FROM operations v WHERE v.backup_id = b.id AND v.kind = 'verify'
                  ORDER BY v.seq DESC LIMIT 1), '') <> 'failed')`;
