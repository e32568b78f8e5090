import type { Timestamp } from './records.js';

/** The kinds of queued work. Each has one handler, given to the provisioner by the composition root. */
export const OPERATION_KINDS = [
  'provision',
  'repair',
  'restart',
  'backup',
  'discard',
  'remove',
  'purge',
] as const;
export type OperationKind = (typeof OPERATION_KINDS)[number];

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
  runAt: Timestamp;
  leaseExpiresAt: Timestamp | null;
  /** After it a failure is final. `null`: it is tried until it succeeds. */
  deadlineAt: Timestamp | null;
  errorMessage: string | null;
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
