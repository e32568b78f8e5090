import type { BackupKind } from '../domain/backup.js';
import type { Operation } from '../domain/operation.js';
import type { Database } from '../domain/records.js';
import { insertBackup } from './backups.js';
import { enqueueOperation } from './operations.js';
import type { Store } from './store.js';

/** Queues a backup of a database behind its other work. Call it in a transaction. */
export function queueBackup(
  store: Store,
  { id: databaseId, engineVersion }: Pick<Database, 'id' | 'engineVersion'>,
  { kind, keptForMs }: { kind: BackupKind; keptForMs: number | null },
): { backupId: string; operation: Operation } {
  const operation = enqueueOperation(store, { databaseId, kind: 'backup' });
  const backupId = store.newId();
  const operationId = operation.id;
  insertBackup(store, { id: backupId, databaseId, operationId, kind, engineVersion, keptForMs });
  return { backupId, operation };
}
