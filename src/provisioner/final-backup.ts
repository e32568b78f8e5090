import type { Backup } from '../domain/backup.js';
import type { Operation } from '../domain/operation.js';
import type { Settled } from '../domain/operation-handler.js';
import { findBackup } from '../store/backups.js';
import { getOperation, recordResult } from '../store/operations.js';
import type { Store } from '../store/store.js';

/**
 * Looks what became of the final backup that a removal comes after, and records it with the operation: it has to be
 * stored, and where backups are verified, to have been restored. Once: when somebody deletes that backup later, it does
 * not turn what is half destroyed into what was kept. Where there is no backup, the volume is all that is left, and
 * stays.
 */
export function judgeFinalBackup(store: Store, { operation, database }: Settled): void {
  if (operation.backupId === null || getOperation(store, operation.id).result !== null) return;
  const fault = faultOf(findBackup(store, database.id, operation.backupId));
  const result =
    fault === null
      ? { finalBackup: 'succeeded' }
      : { finalBackup: 'failed', volume: 'preserved', reason: `${fault}, so the volume is kept` };
  recordResult(store, operation.id, result);
}

/** Why nobody should rely on a backup; `null` when nothing speaks against it. */
function faultOf(backup: Backup | undefined): string | null {
  if (!backup) return 'the final backup was deleted meanwhile';
  const { status, errorMessage, verification } = backup;
  if (status !== 'succeeded') return `there is no final backup (${errorMessage ?? `it is ${status}`})`;
  if (verification === null || verification.status === 'succeeded') return null;
  return `the final backup could not be restored (${verification.errorMessage ?? `its verification is ${verification.status}`})`;
}

/** Whether a removal destroys the volume too: somebody wants it, and the final backup is there if there was to be one. */
export function destroysVolume(store: Store, { id, deleteVolume, backupId }: Operation): boolean {
  if (!deleteVolume) return false;
  return backupId === null || getOperation(store, id).result?.finalBackup === 'succeeded';
}
