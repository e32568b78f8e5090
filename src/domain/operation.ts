import type { Timestamp } from './records.js';

/** The kinds of queued work. Each has one handler, given to the provisioner by the composition root. */
export const OPERATION_KINDS = [
  'provision',
  'repair',
  'restart',
  'backup',
  'verify',
  'copy',
  'restore',
  'import',
  'discard',
  'remove',
  'purge',
] as const;
export type OperationKind = (typeof OPERATION_KINDS)[number];

/**
 * Work on what was stored already, and not on the database: it neither waits for the database's other operations nor
 * do they for it, and it goes on when the database is deleted.
 */
export const ASIDE_KINDS: readonly OperationKind[] = ['verify', 'copy'];

/**
 * Work that can wait for hours, until others of its kind are done or until its next attempt. As long as it waits, what
 * mends the database goes before it: nobody shall be without a database because a backup of it is due.
 */
export const PATIENT_KINDS: readonly OperationKind[] = ['backup', 'restore', 'import'];
export const MENDING_KINDS: readonly OperationKind[] = ['repair', 'restart'];

export const OPERATION_STATUSES = ['queued', 'running', 'succeeded', 'failed', 'cancelled'] as const;
export type OperationStatus = (typeof OPERATION_STATUSES)[number];

export interface Progress {
  step: string;
  done: number;
  total: number;
}

export interface Operation {
  id: string;
  databaseId: string;
  kind: OperationKind;
  status: OperationStatus;
  progress: Progress | null;
  attempts: number;
  /** Only `remove` has any: whether the volume goes too. */
  deleteVolume: boolean;
  /** The backup that it is about, which `restore`, `verify` and `copy` have; of a `remove`, the final one before it. */
  backupId: string | null;
  runAt: Timestamp;
  leaseExpiresAt: Timestamp | null;
  /** After it a failure is final. `null`: it is tried until it succeeds. */
  deadlineAt: Timestamp | null;
  errorMessage: string | null;
  /** What came of it, where there is more to say than that it succeeded. */
  result: Record<string, unknown> | null;
  createdAt: Timestamp;
  startedAt: Timestamp | null;
  finishedAt: Timestamp | null;
}

export function isSettled(status: OperationStatus): boolean {
  switch (status) {
    case 'queued':
    case 'running':
      return false;
    case 'succeeded':
    case 'failed':
    case 'cancelled':
      return true;
  }
}
