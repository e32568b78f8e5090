-- When it is to be backed up next without being asked; NULL until that is decided, and where its plan has no backups.
ALTER TABLE databases ADD COLUMN next_backup_at TEXT;
CREATE INDEX databases_due ON databases (next_backup_at) WHERE status = 'ready';
CREATE INDEX backups_verified ON backups (database_id, verified_at) WHERE removed_at IS NULL AND verified_at IS NOT NULL;

-- What an operation is about, where it is about a backup: the one to restore, to verify or to copy.
ALTER TABLE operations ADD COLUMN backup_id TEXT REFERENCES backups (id);
-- JSON: what came of it.
ALTER TABLE operations ADD COLUMN result TEXT;
CREATE INDEX operations_backup ON operations (backup_id, kind, seq) WHERE backup_id IS NOT NULL;

-- What restores and imports read beside a backup, and what they left: the former data of a database is kept for a while.
CREATE TABLE loads (
  operation_id        TEXT PRIMARY KEY REFERENCES operations (id),
  database_id         TEXT NOT NULL REFERENCES databases (id),
  -- Whether what the database holds may be replaced.
  replaces            INTEGER NOT NULL CHECK (replaces IN (0, 1)),
  -- The connection to a server elsewhere; NULL for a backup and for an upload, whose file is named for the operation.
  source_sealed       TEXT,
  created_at          TEXT NOT NULL,
  -- Under which name the former data can be reached, once it was replaced, and until when. The time is there from the
  -- beginning: a load that failed, nobody knows how far it came, is looked after like one that succeeded.
  previous_name       TEXT,
  previous_expires_at TEXT NOT NULL,
  previous_removed_at TEXT
) STRICT;
CREATE INDEX loads_database ON loads (database_id, created_at);
-- The password of a server elsewhere is kept no longer than it is needed, whoever settles the operation.
CREATE TRIGGER loads_wipe_source AFTER UPDATE OF status ON operations
WHEN NEW.status IN ('succeeded', 'failed', 'cancelled')
BEGIN
  UPDATE loads SET source_sealed = NULL WHERE operation_id = NEW.id;
END;

-- The public key that the file of a backup is encrypted for; NULL: it is not.
ALTER TABLE backups ADD COLUMN recipient TEXT;
-- When nothing was left of its copy in the bucket, after it was removed.
ALTER TABLE backups ADD COLUMN copy_removed_at TEXT;
