import type { Backup, BackupKind, BackupStatus, Verification } from '../domain/backup.js';
import { readPage, type Page, type PageRequest } from './page.js';
import type { Store } from './store.js';

/** The status of an operation, as that of what it makes. */
const statusOf = (o: string) =>
  `CASE ${o}.status WHEN 'queued' THEN iif(${o}.started_at IS NULL, 'pending', 'running')
    WHEN 'cancelled' THEN 'failed' ELSE ${o}.status END`;

const SELECT = `SELECT b.id, b.database_id AS databaseId, b.kind, ${statusOf('o')} AS status,
  b.engine_version AS engineVersion, b.size_bytes AS sizeBytes, b.sha256, b.created_at AS createdAt,
  o.started_at AS startedAt, o.finished_at AS finishedAt, b.verified_at AS verifiedAt, b.expires_at AS expiresAt,
  CASE o.status WHEN 'cancelled' THEN 'the database was deleted meanwhile' ELSE o.error_message END AS errorMessage,
  ${statusOf('v')} AS verificationStatus, v.error_message AS verificationError, v.finished_at AS verificationFinishedAt
  FROM backups b JOIN operations o ON o.id = b.operation_id
  LEFT JOIN operations v ON v.seq = (SELECT max(seq) FROM operations WHERE backup_id = b.id AND kind = 'verify')`;

type Row = Omit<Backup, 'verification'> & {
  verificationStatus: BackupStatus | null;
  verificationError: string | null;
  verificationFinishedAt: Verification['finishedAt'];
};

export interface NewBackup {
  id: string;
  databaseId: string;
  operationId: string;
  kind: BackupKind;
  engineVersion: number;
  /** How long it is kept; `null` until somebody removes it. */
  keptForMs: number | null;
}

export function insertBackup(store: Store, backup: NewBackup): void {
  store.run(
    `INSERT INTO backups (id, database_id, operation_id, kind, engine_version, created_at, expires_at)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
    backup.id,
    backup.databaseId,
    backup.operationId,
    backup.kind,
    backup.engineVersion,
    store.now(),
    backup.keptForMs === null ? null : store.now(backup.keptForMs),
  );
}

/** A backup of this database that was not removed. */
export function findBackup(store: Store, databaseId: string, id: string): Backup | undefined {
  const row = store.get<Row>(
    `${SELECT} WHERE b.database_id = ? AND b.id = ? AND b.removed_at IS NULL`,
    databaseId,
    id,
  );
  return row && toBackup(row);
}

/** For the daemon's own work: a backup of any database, removed or not. */
export function findBackupById(store: Store, id: string): Backup | undefined {
  return store.get<Backup>(`${SELECT} WHERE b.id = ?`, id);
}

/** The backup that an operation makes. */
export function findBackupOf(store: Store, operationId: string): Backup | undefined {
  const row = store.get<Row>(`${SELECT} WHERE b.operation_id = ?`, operationId);
  return row && toBackup(row);
}

/** The backups of a database that were not removed, newest first. */
export function listBackups(store: Store, databaseId: string, page: PageRequest): Page<Backup> {
  const { data, nextCursor } = readPage<Row>(
    store,
    {
      select: `${SELECT} WHERE b.database_id = ? AND b.removed_at IS NULL`,
      values: [databaseId],
      orderBy: ['b.created_at', 'b.id'],
      direction: 'DESC',
      keyOf: (backup) => [backup.createdAt, backup.id],
    },
    page,
  );
  return { data: data.map(toBackup), nextCursor };
}

/** All that were not removed of one database, for retention to choose from. */
export function listKeptBackups(store: Store, databaseId: string): Backup[] {
  return store
    .all<Row>(
      `${SELECT} WHERE b.database_id = ? AND b.removed_at IS NULL ORDER BY b.created_at, b.id`,
      databaseId,
    )
    .map(toBackup);
}

/** The archive of a backup is safe: what it is known by. */
export function recordArchive(
  store: Store,
  id: string,
  archive: { sizeBytes: number; sha256: string },
): void {
  store.run(
    'UPDATE backups SET size_bytes = ?, sha256 = ? WHERE id = ?',
    archive.sizeBytes,
    archive.sha256,
    id,
  );
}

/** It was restored, and held what it should. */
export function markVerified(store: Store, id: string): void {
  store.run('UPDATE backups SET verified_at = ? WHERE id = ?', store.now(), id);
}

/** Nobody sees it from here on; its files go next. */
export function removeBackup(store: Store, id: string): void {
  store.run('UPDATE backups SET removed_at = coalesce(removed_at, ?) WHERE id = ?', store.now(), id);
}

/** The backups whose files are to be removed, with the ids of their databases. */
export function listRemovedBackups(store: Store): Backup[] {
  return store
    .all<Row>(`${SELECT} WHERE b.removed_at IS NOT NULL AND b.files_removed_at IS NULL`)
    .map(toBackup);
}

export function markFilesRemoved(store: Store, id: string): void {
  store.run('UPDATE backups SET files_removed_at = ? WHERE id = ?', store.now(), id);
}

/** The databases that have backups, deleted ones too. */
export function listBackedUpDatabaseIds(store: Store): string[] {
  return store
    .all<{ id: string }>('SELECT DISTINCT database_id AS id FROM backups WHERE removed_at IS NULL')
    .map(({ id }) => id);
}

/** The deleted databases of an app that have backups, good ones or such that may yet become so. */
export function listDeletedWithBackups(store: Store, appId: string): string[] {
  return store
    .all<{ id: string }>(
      `SELECT DISTINCT d.id FROM databases d JOIN backups b ON b.database_id = d.id
       JOIN operations o ON o.id = b.operation_id
       WHERE d.app_id = ? AND d.status = 'deleted' AND b.removed_at IS NULL
         AND o.status IN ('queued', 'running', 'succeeded') ORDER BY d.created_at, d.id`,
      appId,
    )
    .map(({ id }) => id);
}

function toBackup({ verificationStatus, verificationError, verificationFinishedAt, ...backup }: Row): Backup {
  const verification = verificationStatus && {
    status: verificationStatus,
    errorMessage: verificationError,
    finishedAt: verificationFinishedAt,
  };
  return { ...backup, verification };
}
