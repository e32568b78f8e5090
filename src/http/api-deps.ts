import type { Backup } from '../domain/backup.js';
import type { Endpoints } from '../domain/environment.js';
import type { Logger } from '../domain/logger.js';
import type { Database } from '../domain/records.js';
import type { BackupFacts } from '../store/backup-facts.js';
import type { Credential } from '../store/credentials.js';
import type { Store } from '../store/store.js';
import type { Upload } from './endpoint.js';

/** What the API is built from. Each endpoint takes just what it uses. */
export interface ApiDeps {
  store: Store;
  logger: Logger;
  /** The major versions of PostgreSQL on offer, ascending; the last is the default. */
  versions: readonly number[];
  /** Where clients find a database. */
  endpointsOf: (databaseId: string) => Endpoints;
  /** Tells the provisioner that something was queued. */
  nudge: () => void;
  /** Resolves when an operation is settled, after `timeoutMs`, or when aborted. */
  waitForOperation: (operationId: string, timeoutMs: number, signal: AbortSignal) => Promise<void>;
  /** The archive of a backup, from its first byte; ends with an error when it is not what was stored. */
  openBackup: (database: Database, backup: Backup) => Promise<AsyncIterable<Buffer>>;
  /** How long a final backup is kept, and the former data of a database that was replaced. */
  backupRetentionMs: number;
  /** Whether the last good backup of a database is too old. */
  isBackupOverdue: (database: BackupFacts) => boolean;
  /** The dump of a database as it is now, which rejects when it is not whole. */
  exportDatabase: (database: Database, signal: AbortSignal) => AsyncIterable<Buffer>;
  /** Keeps an uploaded dump for an import into this database; or says why it cannot be imported. */
  receiveUpload: (database: Database, chunks: AsyncIterable<Buffer>) => Promise<Upload | { refused: string }>;
  /** Why a server cannot be imported from; `null` when nothing speaks against it. */
  refusalOfSource: (url: string) => Promise<string | null>;
  /** Why a database has to be replaced to be imported into; `null` when it is empty, or cannot be asked. */
  refusalOfTarget: (database: Database) => Promise<string | null>;
  /** Says that files of backups may be to be removed. */
  tidyBackups: () => void;
  newCredential: () => Credential;
  newToken: (id: string) => string;
  sameDigest: (one: Buffer, other: Buffer) => boolean;
  /** Rejects with what to do when the runtime cannot be used. */
  checkRuntime: (signal: AbortSignal) => Promise<void>;
}
