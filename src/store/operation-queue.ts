import { AT_ONCE, DEADLINE_MS, LONGEST_PAUSE_MS } from '../domain/deadlines.js';
import {
  ASIDE_KINDS,
  MENDING_KINDS,
  PATIENT_KINDS,
  type Operation,
  type Progress,
} from '../domain/operation.js';
import { COLUMNS, listed, toOperation, type OperationRow } from './operation-row.js';
import type { Store } from './store.js';

/** Of two operations of a database that both wait, as a condition. */
function goesBefore(one: string, other: string): string {
  const mends = (operation: string) => `${operation}.kind IN (${listed(MENDING_KINDS)})`;
  const isPatient = (operation: string) => `${operation}.kind IN (${listed(PATIENT_KINDS)})`;
  const overtakes = (fast: string, slow: string) => `(${mends(fast)} AND ${isPatient(slow)})`;
  return `(${overtakes(one, other)} OR (${one}.seq < ${other}.seq AND NOT ${overtakes(other, one)}))`;
}

/** When what waits for a retry is due, as a condition: what is due later than any pause was put off by a wrong clock. */
const IS_DUE = '(o.run_at <= @now OR o.run_at > @farthest)';

/** Whether the backup that an operation `o` is about is still to be verified, as a condition. */
const IS_BEING_PROVED = `EXISTS (SELECT 1 FROM operations v
  WHERE v.backup_id = o.backup_id AND v.kind = 'verify' AND v.status IN ('queued', 'running'))`;

/** Whether an operation `o` is such a verification, for which a removal waits, as a condition. */
const IS_PROOF = `(o.kind = 'verify' AND EXISTS (SELECT 1 FROM operations r
  WHERE r.backup_id = o.backup_id AND r.kind = 'remove' AND r.status IN ('queued', 'running')))`;

/**
 * Takes the next operation that is due, under a lease of `leaseMs`. Its deadline begins with the first of its attempts:
 * to wait for a turn is not to try. There is never more than one at work on a
 * database, and its oldest comes first, but for what mends it: that goes before what is patient. Those beside it count
 * for themselves, but that a removal waits until its final backup is verified, which goes before all that is due. An
 * expired lease is claimed anew, but not by who is still at it.
 *
 * @param held the ids of what is at work here: a disk that stands still for long keeps leases from being extended
 */
export function claimNextOperation(
  store: Store,
  leaseMs: number,
  held: readonly string[] = [],
): Operation | undefined {
  const row = store.get<OperationRow>(
    `UPDATE operations SET status = 'running', attempts = attempts + 1, lease_expires_at = @leaseExpiresAt,
       started_at = coalesce(started_at, @now), deadline_at = coalesce(deadline_at, json_extract(@deadlines, '$.' || kind))
     WHERE seq = (
       SELECT o.seq FROM operations o
       WHERE o.status IN ('queued', 'running') AND ${IS_DUE}
         AND (o.status = 'queued' OR o.lease_expires_at <= @now)
         AND o.id NOT IN (SELECT value FROM json_each(@held))
         AND coalesce(json_extract(@atOnce, '$.' || o.kind) > (
           SELECT count(*) FROM operations r
           WHERE r.kind = o.kind AND r.status = 'running'
             AND (r.lease_expires_at > @now OR r.id IN (SELECT value FROM json_each(@held)))), 1)
         AND NOT (o.kind = 'remove' AND ${IS_BEING_PROVED})
         AND (o.kind IN (${listed(ASIDE_KINDS)})
           OR NOT EXISTS (SELECT 1 FROM operations e WHERE e.database_id = o.database_id AND e.seq <> o.seq
                          AND e.status IN ('queued', 'running') AND e.kind NOT IN (${listed(ASIDE_KINDS)})
                          AND (e.status = 'running' OR (o.status = 'queued' AND ${goesBefore('e', 'o')}))))
       ORDER BY ${IS_PROOF} DESC, o.run_at, o.seq LIMIT 1)
     RETURNING ${COLUMNS}`,
    {
      now: store.now(),
      farthest: store.now(LONGEST_PAUSE_MS),
      leaseExpiresAt: store.now(leaseMs),
      deadlines: JSON.stringify(deadlinesFrom(store)),
      atOnce: JSON.stringify(AT_ONCE),
      held: JSON.stringify(held),
    },
  );
  return row && toOperation(row);
}

/** Of an attempt that begins now, by kind. */
function deadlinesFrom(store: Store): Record<string, string | null> {
  return Object.fromEntries(
    Object.entries(DEADLINE_MS).map(([kind, ms]) => [kind, ms === null ? null : store.now(ms)]),
  );
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

/** Puts a running operation back into the queue, due at `runAt`, as one that was tried so often. */
export function requeueOperation(
  store: Store,
  id: string,
  { runAt, errorMessage, attempts }: { runAt: string; errorMessage: string | null; attempts: number },
): void {
  store.run(
    `UPDATE operations SET status = 'queued', run_at = ?, error_message = ?, attempts = ?, lease_expires_at = NULL
     WHERE id = ? AND status = 'running'`,
    runAt,
    errorMessage,
    attempts,
    id,
  );
}

/**
 * At the start nothing is running: whoever held a lease on this data directory is dead. What was at work is
 * due again, and what somebody no longer wanted is cancelled. Deadlines begin anew: time in which there was no
 * daemon was not spent on trying.
 */
export function recoverOperations(store: Store): number {
  const now = store.now();
  return store.transaction(() => {
    store.run(`UPDATE operations SET deadline_at = NULL WHERE status IN ('queued', 'running')`);
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
