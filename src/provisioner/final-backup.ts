import type { Operation } from '../domain/operation.js';
import type { Settled } from '../domain/operation-handler.js';
import { findBackup } from '../store/backups.js';
import { getOperation, recordResult } from '../store/operations.js';
import type { Store } from '../store/store.js';

/**
 * Looks what became of the final backup that a removal comes after, and records it with the operation. Once: when
 * somebody deletes that backup later, it does not turn what is half destroyed into what was kept. Where there is no
 * backup, the volume is all that is left, and stays.
 */
export function judgeFinalBackup(store: Store, { operation, database }: Settled): void {
  if (operation.backupId === null || getOperation(store, operation.id).result !== null) return;
  const backup = findBackup(store, database.id, operation.backupId);
  if (backup?.status === 'succeeded') {
    recordResult(store, operation.id, { finalBackup: 'succeeded' });
    return;
  }
  const reason = backup ? (backup.errorMessage ?? `it is ${backup.status}`) : 'it was deleted meanwhile';
  recordResult(store, operation.id, {
    finalBackup: 'failed',
    volume: 'preserved',
    reason: `there is no final backup, so the volume is kept: ${reason}`,
  });
}

/** Whether a removal destroys the volume too: somebody wants it, and the final backup is there if there was to be one. */
export function destroysVolume(store: Store, { id, deleteVolume, backupId }: Operation): boolean {
  if (!deleteVolume) return false;
  return backupId === null || getOperation(store, id).result?.finalBackup === 'succeeded';
}
