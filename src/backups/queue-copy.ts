import type { Backup } from '../domain/backup.js';
import { enqueueOperation } from '../store/operations.js';
import type { Store } from '../store/store.js';

/** Has a backup be copied into the bucket. */
export function queueCopy(store: Store, { id, databaseId }: Pick<Backup, 'id' | 'databaseId'>): void {
  enqueueOperation(store, { databaseId, kind: 'copy', backupId: id });
}
