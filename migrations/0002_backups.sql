-- Whether a backup is under way, done or failed, its operation says; the row has what came of it.
CREATE TABLE backups (
  id             TEXT PRIMARY KEY,
  database_id    TEXT NOT NULL REFERENCES databases (id),
  operation_id   TEXT NOT NULL UNIQUE REFERENCES operations (id),
  kind           TEXT NOT NULL CHECK (kind IN ('scheduled', 'manual', 'final')),
  engine_version INTEGER NOT NULL,
  -- Of the archive, once it is safe.
  size_bytes     INTEGER,
  sha256         TEXT,
  created_at     TEXT NOT NULL,
  -- NULL: kept until somebody removes it.
  expires_at     TEXT,
  verified_at    TEXT,
  -- Somebody, or retention, wants it no more; and then its files are gone.
  removed_at       TEXT,
  files_removed_at TEXT
) STRICT;
CREATE INDEX backups_database ON backups (database_id, created_at, id);
