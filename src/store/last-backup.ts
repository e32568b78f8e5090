/**
 * When the last good backup of the database `d` was begun: it holds what the database held then. Backups of a database
 * are made in the order in which they were asked for, so that mostly one row is read, however many there are.
 */
export const LAST_BACKUP_AT = `(SELECT o.started_at FROM backups b JOIN operations o ON o.id = b.operation_id
  WHERE b.database_id = d.id AND b.removed_at IS NULL AND o.status = 'succeeded'
  ORDER BY b.created_at DESC, b.id DESC LIMIT 1)`;

/** When a backup of the database `d` was last proved. */
export const LAST_VERIFIED_AT = `(SELECT max(b.verified_at) FROM backups b
  WHERE b.database_id = d.id AND b.removed_at IS NULL AND b.verified_at IS NOT NULL)`;
