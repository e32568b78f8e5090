import { AT_ONCE, DEADLINE_MS } from '../domain/deadlines.js';
import {
  ASIDE_KINDS,
  MENDING_KINDS,
  PATIENT_KINDS,
  type Operation,
  type OperationKind,
  type Progress,
} from '../domain/operation.js';
import { readPage, type Page, type PageRequest } from './page.js';
import type { Store } from './store.js';

const COLUMNS = `id, database_id AS databaseId, kind, status, delete_volume AS deleteVolume, backup_id AS backupId, progress, attempts,
  run_at AS runAt, lease_expires_at AS leaseExpiresAt, deadline_at AS deadlineAt, error_message AS errorMessage, result,
  created_at AS createdAt, started_at AS startedAt, finished_at AS finishedAt, seq`;

type Row = Omit<Operation, 'deleteVolume' | 'progress' | 'result'> & {
  deleteVolume: 0 | 1;
  progress: string | null;
  result: string | null;
  seq: number;
};

export interface NewOperation {
  /** Given where something is named for the operation before there is one. */
  id?: string;
  databaseId: string;
  kind: OperationKind;
  deleteVolume?: boolean;
  backupId?: string;
  /** How long it may be tried; `null` for as long as it takes. */
  deadlineMs: number | null;
}

/** Queues an operation behind the others of its database, and returns it. */
export function enqueueOperation(
  store: Store,
  { id, databaseId, kind, deleteVolume, backupId, deadlineMs }: NewOperation,
): Operation {
  const now = store.now();
  const row = store.get<Row>(
    `INSERT INTO operations (id, database_id, kind, status, delete_volume, backup_id, run_at, deadline_at, created_at)
     VALUES (?, ?, ?, 'queued', ?, ?, ?, ?, ?) RETURNING ${COLUMNS}`,
    id ?? store.newId(),
    databaseId,
    kind,
    deleteVolume ? 1 : 0,
    backupId ?? null,
    now,
    deadlineMs === null ? null : store.now(deadlineMs),
    now,
  );
  if (!row) throw new Error('INSERT … RETURNING gave no row');
  return toOperation(row);
}

export function findOperation(store: Store, databaseId: string, id: string): Operation | undefined {
  const row = store.get<Row>(
    `SELECT ${COLUMNS} FROM operations WHERE database_id = ? AND id = ?`,
    databaseId,
    id,
  );
  return row && toOperation(row);
}

/** The operations of a database, newest first. */
export function listOperations(store: Store, databaseId: string, page: PageRequest): Page<Operation> {
  const { data, nextCursor } = readPage<Row>(
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
  const row = store.get<Row>(`SELECT ${COLUMNS} FROM operations WHERE id = ?`, id);
  if (!row) throw new Error(`there is no operation ${id}`);
  return toOperation(row);
}

/** The operation of this kind that is queued or running for a database, if there is one. */
export function findUnfinishedOperation(
  store: Store,
  databaseId: string,
  kinds: readonly OperationKind[],
): Operation | undefined {
  const row = store.get<Row>(
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
  const row = store.get<Row>(
    `SELECT ${COLUMNS} FROM operations WHERE backup_id = ? AND kind = ? AND status IN ('queued', 'running')
     ORDER BY seq DESC LIMIT 1`,
    backupId,
    kind,
  );
  return row && toOperation(row);
}

/** Whether somebody still needs a backup: to restore it, to prove it or to copy it. */
export function isBackupInUse(store: Store, backupId: string): boolean {
  return (
    store.get(
      `SELECT 1 FROM operations WHERE backup_id = ? AND status IN ('queued', 'running') LIMIT 1`,
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

/** Of two operations of a database that both wait, as a condition. */
function goesBefore(one: string, other: string): string {
  const mends = (operation: string) => `${operation}.kind IN (${listed(MENDING_KINDS)})`;
  const isPatient = (operation: string) => `${operation}.kind IN (${listed(PATIENT_KINDS)})`;
  const overtakes = (fast: string, slow: string) => `(${mends(fast)} AND ${isPatient(slow)})`;
  return `(${overtakes(one, other)} OR (${one}.seq < ${other}.seq AND NOT ${overtakes(other, one)}))`;
}

/**
 * Takes the next operation that is due, under a lease of `leaseMs`. There is never more than one at work on a
 * database, and its oldest comes first, but for what mends it: that goes before what is patient. Those beside it count
 * for themselves. An expired lease is claimed anew.
 */
export function claimNextOperation(store: Store, leaseMs: number): Operation | undefined {
  const row = store.get<Row>(
    `UPDATE operations SET status = 'running', attempts = attempts + 1, lease_expires_at = @leaseExpiresAt,
       started_at = coalesce(started_at, @now)
     WHERE seq = (
       SELECT o.seq FROM operations o
       WHERE o.status IN ('queued', 'running') AND o.run_at <= @now
         AND (o.status = 'queued' OR o.lease_expires_at <= @now)
         AND coalesce(json_extract(@atOnce, '$.' || o.kind) > (
           SELECT count(*) FROM operations r
           WHERE r.kind = o.kind AND r.status = 'running' AND r.lease_expires_at > @now), 1)
         AND (o.kind IN (${listed(ASIDE_KINDS)})
           OR NOT EXISTS (SELECT 1 FROM operations e WHERE e.database_id = o.database_id AND e.seq <> o.seq
                          AND e.status IN ('queued', 'running') AND e.kind NOT IN (${listed(ASIDE_KINDS)})
                          AND (e.status = 'running' OR (o.status = 'queued' AND ${goesBefore('e', 'o')}))))
       ORDER BY o.run_at, o.seq LIMIT 1)
     RETURNING ${COLUMNS}`,
    { now: store.now(), leaseExpiresAt: store.now(leaseMs), atOnce: JSON.stringify(AT_ONCE) },
  );
  return row && toOperation(row);
}

/** When the next operation comes due that waits for a retry; `null` when none does. */
export function nextDueAt(store: Store): string | null {
  return (
    store.get<{ due: string | null }>(
      `SELECT min(run_at) AS due FROM operations WHERE status = 'queued' AND run_at > ?`,
      store.now(),
    )?.due ?? null
  );
}

/** Keeps an operation ours, with what it has done so far. */
export function extendLease(store: Store, id: string, leaseMs: number, progress: Progress | null): void {
  store.run(
    `UPDATE operations SET lease_expires_at = ?, progress = coalesce(?, progress) WHERE id = ? AND status = 'running'`,
    store.now(leaseMs),
    progress && JSON.stringify(progress),
    id,
  );
}

/** Whether somebody no longer wants this operation. */
export function isCancelRequested(store: Store, id: string): boolean {
  return store.get('SELECT 1 FROM operations WHERE id = ? AND cancel_requested = 1', id) !== undefined;
}

/** Ends an operation that is running. */
export function settleOperation(
  store: Store,
  id: string,
  status: 'succeeded' | 'failed' | 'cancelled',
  { errorMessage, progress }: { errorMessage: string | null; progress: Progress | null },
): void {
  store.run(
    `UPDATE operations SET status = ?, error_message = ?, progress = coalesce(?, progress), finished_at = ?,
       lease_expires_at = NULL
     WHERE id = ? AND status = 'running'`,
    status,
    errorMessage,
    progress && JSON.stringify(progress),
    store.now(),
    id,
  );
}

/** Puts a running operation back into the queue, due at `runAt`. */
export function requeueOperation(store: Store, id: string, runAt: string, errorMessage: string | null): void {
  store.run(
    `UPDATE operations SET status = 'queued', run_at = ?, error_message = ?, lease_expires_at = NULL
     WHERE id = ? AND status = 'running'`,
    runAt,
    errorMessage,
    id,
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

/**
 * At the start nothing is running: whoever held a lease on this data directory is dead. What was at work is
 * due again, and what somebody no longer wanted is cancelled. Deadlines begin anew: time in which there was no
 * daemon was not spent on trying.
 */
export function recoverOperations(store: Store): number {
  const now = store.now();
  return store.transaction(() => {
    for (const [kind, deadlineMs] of Object.entries(DEADLINE_MS)) {
      if (deadlineMs === null) continue;
      store.run(
        `UPDATE operations SET deadline_at = ? WHERE kind = ? AND status IN ('queued', 'running')`,
        store.now(deadlineMs),
        kind,
      );
    }
    store.run(
      `UPDATE operations SET status = 'cancelled', finished_at = ?, lease_expires_at = NULL
       WHERE status = 'running' AND cancel_requested = 1`,
      now,
    );
    return store.run(
      `UPDATE operations SET status = 'queued', run_at = ?, lease_expires_at = NULL WHERE status = 'running'`,
      now,
    );
  });
}

function toOperation(row: Row): Operation {
  const { seq, ...operation } = row;
  return {
    ...operation,
    deleteVolume: row.deleteVolume === 1,
    progress: row.progress === null ? null : (JSON.parse(row.progress) as Progress),
    result: row.result === null ? null : (JSON.parse(row.result) as Record<string, unknown>),
  };
}

function listed(kinds: readonly OperationKind[]): string {
  return kinds.map((kind) => `'${kind}'`).join(', ');
}
