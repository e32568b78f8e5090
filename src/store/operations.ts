import { ASIDE_KINDS, PATIENT_KINDS, type Operation, type OperationKind } from '../domain/operation.js';
import { COLUMNS, listed, toOperation, type OperationRow } from './operation-row.js';
import { readPage, type Page, type PageRequest } from './page.js';
import type { Store } from './store.js';

export interface NewOperation {
  /** Given where something is named for the operation before there is one. */
  id?: string;
  databaseId: string;
  kind: OperationKind;
  deleteVolume?: boolean;
  backupId?: string;
}

/** Queues an operation behind the others of its database, and returns it. */
export function enqueueOperation(
  store: Store,
  { id, databaseId, kind, deleteVolume, backupId }: NewOperation,
): Operation {
  const now = store.now();
  const row = store.get<OperationRow>(
    `INSERT INTO operations (id, database_id, kind, status, delete_volume, backup_id, run_at, created_at)
     VALUES (?, ?, ?, 'queued', ?, ?, ?, ?) RETURNING ${COLUMNS}`,
    id ?? store.newId(),
    databaseId,
    kind,
    deleteVolume ? 1 : 0,
    backupId ?? null,
    now,
    now,
  );
  if (!row) throw new Error('INSERT … RETURNING gave no row');
  return toOperation(row);
}

export function findOperation(store: Store, databaseId: string, id: string): Operation | undefined {
  const row = store.get<OperationRow>(
    `SELECT ${COLUMNS} FROM operations WHERE database_id = ? AND id = ?`,
    databaseId,
    id,
  );
  return row && toOperation(row);
}

/** The operations of a database, newest first. */
export function listOperations(store: Store, databaseId: string, page: PageRequest): Page<Operation> {
  const { data, nextCursor } = readPage<OperationRow>(
    store,
    {
      select: `SELECT ${COLUMNS} FROM operations WHERE database_id = ?`,
      values: [databaseId],
      orderBy: ['seq'],
      direction: 'DESC',
      keyOf: (row) => [row.seq],
    },
    page,
  );
  return { data: data.map(toOperation), nextCursor };
}

/** For who holds the id of an operation already. */
export function getOperation(store: Store, id: string): Operation {
  const row = store.get<OperationRow>(`SELECT ${COLUMNS} FROM operations WHERE id = ?`, id);
  if (!row) throw new Error(`there is no operation ${id}`);
  return toOperation(row);
}

/** The operation of this kind that is queued or running for a database, if there is one. */
export function findUnfinishedOperation(
  store: Store,
  databaseId: string,
  kinds: readonly OperationKind[],
): Operation | undefined {
  const row = store.get<OperationRow>(
    `SELECT ${COLUMNS} FROM operations WHERE database_id = ? AND status IN ('queued', 'running') AND cancel_requested = 0
       AND kind IN (${listed(kinds)}) ORDER BY seq DESC LIMIT 1`,
    databaseId,
  );
  return row && toOperation(row);
}

/** The operation of this kind that is queued or running about a backup, if there is one. */
export function findUnfinishedOperationOn(
  store: Store,
  backupId: string,
  kind: OperationKind,
): Operation | undefined {
  const row = store.get<OperationRow>(
    `SELECT ${COLUMNS} FROM operations WHERE backup_id = ? AND kind = ? AND status IN ('queued', 'running')
     ORDER BY seq DESC LIMIT 1`,
    backupId,
    kind,
  );
  return row && toOperation(row);
}

/**
 * Whether somebody still needs a backup: to restore it or to prove it. Not to copy it, which is tried for as long as a
 * bucket is away: of what is removed meanwhile no copy stays.
 */
export function isBackupInUse(store: Store, backupId: string): boolean {
  return (
    store.get(
      `SELECT 1 FROM operations
       WHERE backup_id = ? AND kind <> 'copy' AND status IN ('queued', 'running') LIMIT 1`,
      backupId,
    ) !== undefined
  );
}

export function isUnfinished(store: Store, id: string): boolean {
  return (
    store.get(`SELECT 1 FROM operations WHERE id = ? AND status IN ('queued', 'running')`, id) !== undefined
  );
}

/** An operation `o` that a repair of its database has to wait for, as a condition. */
export const HOLDS_UP_REPAIR = `o.status IN ('queued', 'running') AND o.kind NOT IN (${listed(ASIDE_KINDS)})
  AND NOT (o.status = 'queued' AND o.kind IN (${listed(PATIENT_KINDS)}))`;

/** Whether a database has work that a repair has to wait for, or that is one. */
export function isRepairHeldUp(store: Store, databaseId: string): boolean {
  return (
    store.get(
      `SELECT 1 FROM operations o WHERE o.database_id = ? AND ${HOLDS_UP_REPAIR} LIMIT 1`,
      databaseId,
    ) !== undefined
  );
}

/** Withdraws what is queued for a database, and asks what is running to stop; not what is at work beside it. */
export function cancelOperations(store: Store, databaseId: string): void {
  store.run(
    `UPDATE operations SET status = 'cancelled', finished_at = ?
     WHERE database_id = ? AND status = 'queued' AND kind NOT IN (${listed(ASIDE_KINDS)})`,
    store.now(),
    databaseId,
  );
  store.run(
    `UPDATE operations SET cancel_requested = 1
     WHERE database_id = ? AND status = 'running' AND kind NOT IN (${listed(ASIDE_KINDS)})`,
    databaseId,
  );
}

/** Tells what came of an operation. */
export function recordResult(store: Store, id: string, result: Record<string, unknown>): void {
  store.run('UPDATE operations SET result = ? WHERE id = ?', JSON.stringify(result), id);
}
