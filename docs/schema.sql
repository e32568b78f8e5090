-- The schema after all migrations, made by `npm run generate`.

CREATE TABLE orgs (
  slug       TEXT PRIMARY KEY,
  plan       TEXT NOT NULL CHECK (plan IN ('developer', 'team', 'business', 'enterprise')),
  status     TEXT NOT NULL CHECK (status IN ('ready', 'suspended')),
  created_at TEXT NOT NULL
) STRICT;

CREATE TABLE apps (
  id         TEXT PRIMARY KEY,
  org        TEXT NOT NULL REFERENCES orgs (slug),
  slug       TEXT NOT NULL,
  created_at TEXT NOT NULL,
  deleted_at TEXT
) STRICT;

CREATE UNIQUE INDEX apps_live_slug ON apps (org, slug) WHERE deleted_at IS NULL;

CREATE TABLE tokens (
  id           TEXT PRIMARY KEY,
  org          TEXT REFERENCES orgs (slug),
  app_id       TEXT REFERENCES apps (id),
  name         TEXT NOT NULL,
  role         TEXT NOT NULL CHECK (role IN ('viewer', 'deploy', 'member', 'admin', 'owner', 'operator')),
  hash         BLOB NOT NULL UNIQUE,
  created_at   TEXT NOT NULL,
  expires_at   TEXT,
  last_used_at TEXT,
  revoked_at   TEXT,
  CHECK ((org IS NULL) = (role = 'operator'))
) STRICT;

CREATE INDEX tokens_org ON tokens (org, created_at, id);

CREATE TABLE volumes (
  id             TEXT PRIMARY KEY,
  org            TEXT NOT NULL REFERENCES orgs (slug),
  engine_version INTEGER NOT NULL,
  state          TEXT NOT NULL CHECK (state IN ('attached', 'preserved', 'purging', 'purged')),
  -- It was ready once. From then on it may be somebody's only copy.
  holds_data     INTEGER NOT NULL DEFAULT 0 CHECK (holds_data IN (0, 1)),
  created_at     TEXT NOT NULL,
  preserved_at   TEXT
) STRICT;

CREATE INDEX volumes_state ON volumes (state, created_at, id);

CREATE TABLE databases (
  id             TEXT PRIMARY KEY,
  app_id         TEXT NOT NULL REFERENCES apps (id),
  name           TEXT NOT NULL,
  engine_version INTEGER NOT NULL,
  plan           TEXT NOT NULL CHECK (plan IN ('free', 'standard', 'pro')),
  status         TEXT NOT NULL
    CHECK (status IN ('pending', 'provisioning', 'ready', 'failed', 'deleting', 'deleted')),
  error_message  TEXT,
  volume_id      TEXT NOT NULL REFERENCES volumes (id),
  created_at     TEXT NOT NULL,
  ready_at       TEXT,
  deleted_at     TEXT
, next_backup_at TEXT) STRICT;

CREATE INDEX databases_due ON databases (next_backup_at) WHERE status = 'ready';

CREATE UNIQUE INDEX databases_live_name ON databases (app_id, name) WHERE status <> 'deleted';

CREATE UNIQUE INDEX databases_live_volume ON databases (volume_id) WHERE status <> 'deleted';

CREATE INDEX databases_page ON databases (app_id, created_at, id);

CREATE TABLE credentials (
  database_id     TEXT PRIMARY KEY REFERENCES databases (id),
  role            TEXT NOT NULL,
  password_sealed TEXT NOT NULL,
  verifier_sealed TEXT NOT NULL,
  created_at      TEXT NOT NULL
) STRICT;

CREATE TABLE operations (
  -- Older first: operations of one database run in the order in which they were asked for.
  seq              INTEGER PRIMARY KEY AUTOINCREMENT,
  id               TEXT NOT NULL UNIQUE,
  database_id      TEXT NOT NULL REFERENCES databases (id),
  kind             TEXT NOT NULL,
  status           TEXT NOT NULL CHECK (status IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
  delete_volume    INTEGER NOT NULL DEFAULT 0 CHECK (delete_volume IN (0, 1)),
  progress         TEXT,
  attempts         INTEGER NOT NULL DEFAULT 0,
  cancel_requested INTEGER NOT NULL DEFAULT 0 CHECK (cancel_requested IN (0, 1)),
  run_at           TEXT NOT NULL,
  lease_expires_at TEXT,
  deadline_at      TEXT,
  error_message    TEXT,
  created_at       TEXT NOT NULL,
  started_at       TEXT,
  finished_at      TEXT
, backup_id TEXT REFERENCES backups (id), result TEXT) STRICT;

CREATE INDEX operations_backup ON operations (backup_id, kind, seq) WHERE backup_id IS NOT NULL;

CREATE INDEX operations_database ON operations (database_id, seq);

CREATE INDEX operations_unfinished ON operations (run_at, seq) WHERE status IN ('queued', 'running');

CREATE TRIGGER loads_wipe_source AFTER UPDATE OF status ON operations
WHEN NEW.status IN ('succeeded', 'failed', 'cancelled')
BEGIN
  UPDATE loads SET source_sealed = NULL WHERE operation_id = NEW.id;
END;

CREATE TABLE audit_events (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  at            TEXT NOT NULL,
  org           TEXT,
  actor         TEXT NOT NULL,
  action        TEXT NOT NULL,
  target        TEXT NOT NULL,
  detail        TEXT NOT NULL,
  request_id    TEXT,
  previous_hash TEXT NOT NULL,
  hash          TEXT NOT NULL
) STRICT;

CREATE INDEX audit_events_org ON audit_events (org, id);

CREATE TRIGGER audit_events_no_delete BEFORE DELETE ON audit_events
BEGIN
  SELECT RAISE(ABORT, 'the audit log is append-only');
END;

CREATE TRIGGER audit_events_no_update BEFORE UPDATE ON audit_events
BEGIN
  SELECT RAISE(ABORT, 'the audit log is append-only');
END;

CREATE TABLE idempotency_keys (
  token_id     TEXT NOT NULL,
  key          TEXT NOT NULL,
  request_hash TEXT NOT NULL,
  -- The answer, sealed: it may hold a token or a password.
  reply_sealed TEXT NOT NULL,
  created_at   TEXT NOT NULL,
  PRIMARY KEY (token_id, key)
) STRICT;

CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);

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
, recipient TEXT, copy_removed_at TEXT) STRICT;

CREATE INDEX backups_database ON backups (database_id, created_at, id);

CREATE INDEX backups_verified ON backups (database_id, verified_at) WHERE removed_at IS NULL AND verified_at IS NOT NULL;

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
