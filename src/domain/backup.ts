import type { Timestamp } from './records.js';

/** `final` is the one that is made before a database is deleted. */
export const BACKUP_KINDS = ['scheduled', 'manual', 'final'] as const;
export type BackupKind = (typeof BACKUP_KINDS)[number];

export const BACKUP_STATUSES = ['pending', 'running', 'succeeded', 'failed'] as const;
export type BackupStatus = (typeof BACKUP_STATUSES)[number];

/** Which backups are verified as soon as they are made. */
export const BACKUP_VERIFY = ['scheduled', 'all', 'none'] as const;
export type BackupVerify = (typeof BACKUP_VERIFY)[number];

/** What is done with a backup that is stored, by an operation of its own. */
export interface BackupTask {
  status: BackupStatus;
  errorMessage: string | null;
  finishedAt: Timestamp | null;
}

/** A row of the catalogue. */
export interface Backup {
  id: string;
  databaseId: string;
  kind: BackupKind;
  status: BackupStatus;
  /** The major version of PostgreSQL that was dumped. */
  engineVersion: number;
  /** Of the file, with its SHA-256 in hex. `null` until it succeeded. */
  sizeBytes: number | null;
  sha256: string | null;
  createdAt: Timestamp;
  startedAt: Timestamp | null;
  finishedAt: Timestamp | null;
  /** When it was last restored and compared with success. */
  verifiedAt: Timestamp | null;
  /** `null`: nobody ever wanted it verified. */
  verification: BackupTask | null;
  /** After it the backup may go. `null`: it is kept until somebody deletes it. */
  expiresAt: Timestamp | null;
  errorMessage: string | null;
  /** Its copy in the bucket; `null` when none was ever asked for. */
  copy: BackupTask | null;
}
