import type { Backup, BackupKind, BackupTask } from '../domain/backup.js';
import type { OperationKind } from '../domain/operation.js';
import { readPage, type Page, type PageRequest } from './page.js';
import type { SqlValue, Store } from './store.js';

/** How far an operation is, as `BackupStatus` says it. */
const statusOf = (operation: string) =>
  `CASE ${operation}.status WHEN 'queued' THEN iif(${operation}.started_at IS NULL, 'pending', 'running')
    WHEN 'cancelled' THEN 'failed' ELSE ${operation}.status END`;

/** The latest operation of a kind about the backup `b`, as a `BackupTask` in JSON; NULL when there is none. */
const latestTask = (kind: OperationKind) =>
  `(SELECT json_object('status', ${statusOf('t')}, 'errorMessage', t.error_message, 'finishedAt', t.finished_at)
    FROM operations t WHERE t.backup_id = b.id AND t.kind = '${kind}' ORDER BY t.seq DESC LIMIT 1)`;

const SELECT = `SELECT b.id, b.database_id AS databaseId, b.kind, ${statusOf('o')} AS status,
  b.engine_version AS engineVersion, b.size_bytes AS sizeBytes, b.sha256, b.created_at AS createdAt,
  o.started_at AS startedAt, o.finished_at AS finishedAt, b.verified_at AS verifiedAt, b.expires_at AS expiresAt,
  CASE o.status WHEN 'cancelled' THEN 'the database was deleted meanwhile' ELSE o.error_message END AS errorMessage,
  ${latestTask('verify')} AS verification, ${latestTask('copy')} AS copy
  FROM backups b JOIN operations o ON o.id = b.operation_id`;

/** Tasks are JSON. */
type Row = Omit<Backup, 'verification' | 'copy'> & Record<'verification' | 'copy', string | null>;

function toBackup(row: Row): Backup {
  return { ...row, verification: toTask(row.verification), copy: toTask(row.copy) };
}

function toTask(json: string | null): BackupTask | null {
  return json === null ? null : (JSON.parse(json) as BackupTask);
}

/** The backups, `b`, with their operations, `o`, of which a condition holds. */
export function queryBackups(store: Store, condition: string, ...values: SqlValue[]): Backup[] {
  return store.all<Row>(`${SELECT} WHERE ${condition}`, ...values).map(toBackup);
}

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
  const row = store.get<Row>(`${SELECT} WHERE b.id = ?`, id);
  return row && toBackup(row);
}

/** The backup that an operation makes. */
export function findBackupOf(store: Store, operationId: string): Backup | undefined {
  const row = store.get<Row>(`${SELECT} WHERE b.operation_id = ?`, operationId);
  return row && toBackup(row);
}

/** The operation that will make a backup of this kind, and has not begun to. */
export function findWaitingBackup(
  store: Store,
  databaseId: string,
  kind: BackupKind,
): { operationId: string } | undefined {
  return store.get<{ operationId: string }>(
    `SELECT o.id AS operationId FROM backups b JOIN operations o ON o.id = b.operation_id
     WHERE b.database_id = ? AND b.kind = ? AND b.removed_at IS NULL AND o.status = 'queued' AND o.started_at IS NULL
       AND o.cancel_requested = 0
     ORDER BY o.seq LIMIT 1`,
    databaseId,
    kind,
  );
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

/** All that were not removed of one database, in the order in which they were made, for retention to choose from. */
export function listKeptBackups(store: Store, databaseId: string): Backup[] {
  return queryBackups(store, 'b.database_id = ? AND b.removed_at IS NULL ORDER BY o.seq', databaseId);
}

const STORED = `SELECT b.id FROM backups b JOIN operations o ON o.id = b.operation_id
  WHERE o.status = 'succeeded' AND b.removed_at IS NULL`;

/** Whether there is a backup whose files are kept. */
export function hasStoredBackups(store: Store): boolean {
  return store.get(`${STORED} LIMIT 1`) !== undefined;
}

/** All backups that are stored, of whatever database. */
export function listStoredBackupIds(store: Store): string[] {
  return store.all<{ id: string }>(`${STORED} ORDER BY b.created_at, b.id`).map(({ id }) => id);
}

/** The archive of a backup is safe: what it is known by, and the public key that its file is encrypted for. */
export function recordArchive(
  store: Store,
  id: string,
  archive: { sizeBytes: number; sha256: string; recipient: string | null },
): void {
  store.run(
    'UPDATE backups SET size_bytes = ?, sha256 = ?, recipient = ? WHERE id = ?',
    archive.sizeBytes,
    archive.sha256,
    archive.recipient,
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
  return queryBackups(store, 'b.removed_at IS NOT NULL AND b.files_removed_at IS NULL');
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
