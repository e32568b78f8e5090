import type { Operation, OperationKind, Progress } from '../domain/operation.js';

/** Of an operation, as `OperationRow` has them. */
export const COLUMNS = `id, database_id AS databaseId, kind, status, delete_volume AS deleteVolume, backup_id AS backupId, progress, attempts,
  run_at AS runAt, lease_expires_at AS leaseExpiresAt, deadline_at AS deadlineAt, error_message AS errorMessage, result,
  created_at AS createdAt, started_at AS startedAt, finished_at AS finishedAt, seq`;

export type OperationRow = Omit<Operation, 'deleteVolume' | 'progress' | 'result'> & {
  deleteVolume: 0 | 1;
  progress: string | null;
  result: string | null;
  seq: number;
};

export function toOperation(row: OperationRow): Operation {
  const { seq, ...operation } = row;
  return {
    ...operation,
    deleteVolume: row.deleteVolume === 1,
    progress: row.progress === null ? null : (JSON.parse(row.progress) as Progress),
    result: row.result === null ? null : (JSON.parse(row.result) as Record<string, unknown>),
  };
}

/** For an `IN (…)`. */
export function listed(kinds: readonly OperationKind[]): string {
  return kinds.map((kind) => `'${kind}'`).join(', ');
}
