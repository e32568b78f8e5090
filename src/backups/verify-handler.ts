import type { Backup } from '../domain/backup.js';
import type { OperationHandler, Settled, Work } from '../domain/operation-handler.js';
import { PLAN_OFFERS } from '../domain/plans.js';
import type { DatabaseContents, OpenBytes, Runtime } from '../runtime/runtime.js';
import { auditOperation } from '../store/audit-operation.js';
import { findBackup, markVerified } from '../store/backups.js';
import type { Store } from '../store/store.js';
import { compareContents } from './compare-contents.js';
import type { DiskStore } from './disk-store.js';
import { openWithManifest } from './open-stored.js';
import { StorageError } from './storage-error.js';
import { VerificationError } from './verification-error.js';

export interface VerifyHandlerDeps {
  store: Store;
  runtime: Pick<Runtime, 'rehearse'>;
  disk: DiskStore;
}

/**
 * Proves a backup by restoring it where nobody is, and comparing what is there then with what was counted when it was
 * made. It says nothing about the database, which may be busy, failed or deleted.
 */
export function verifyHandler(deps: VerifyHandlerDeps): OperationHandler {
  const { store } = deps;
  return {
    run: async (work) => {
      const backup = backupOf(store, work);
      const { manifest } = await openWithManifest(deps.disk, work.database, backup);
      const differences = compareContents(manifest.contents, await rehearse(deps, work, backup));
      if (differences.length > 0) {
        throw new VerificationError(`restored, it is not what was dumped: ${differences.join('; ')}`);
      }
    },
    succeeded: (settled) => {
      const { backupId } = settled.operation;
      if (backupId !== null) markVerified(store, backupId);
      auditOperation(store, settled, 'succeeded', { backupId });
    },
    failed: (settled, errorMessage) =>
      auditOperation(store, settled, 'failed', { backupId: settled.operation.backupId, errorMessage }),
  };
}

function backupOf(store: Store, { operation, database }: Settled): Backup {
  const backup = operation.backupId === null ? undefined : findBackup(store, database.id, operation.backupId);
  if (!backup) throw new VerificationError('the backup was deleted before it could be verified');
  return backup;
}

async function rehearse(
  { runtime, disk }: VerifyHandlerDeps,
  { database, signal, onProgress }: Work,
  backup: Backup,
): Promise<DatabaseContents> {
  const faults: StorageError[] = [];
  const open: OpenBytes = async function* () {
    try {
      yield* (await openWithManifest(disk, database, backup)).chunks;
    } catch (error) {
      if (error instanceof StorageError) faults.push(error);
      throw error;
    }
  };
  const { engineVersion } = backup;
  const { memoryBytes } = PLAN_OFFERS[database.plan].resources;
  try {
    return await runtime.rehearse(
      { backupId: backup.id, engineVersion, memoryBytes, open },
      { signal, onProgress },
    );
  } catch (error) {
    // Whatever was made of half an archive: that it is not whole is the reason.
    throw faults[0] ?? error;
  }
}
