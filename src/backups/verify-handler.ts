import type { Backup } from '../domain/backup.js';
import type { OperationHandler, Settled } from '../domain/operation-handler.js';
import { PLAN_OFFERS } from '../domain/plans.js';
import type { Runtime } from '../runtime/runtime.js';
import { auditOperation } from '../store/audit-operation.js';
import { findBackup, markVerified } from '../store/backups.js';
import type { Store } from '../store/store.js';
import { compareContents } from './compare-contents.js';
import type { Stores } from './open-stored.js';
import { findStoredDump } from './stored-dump.js';
import { VerificationError } from './verification-error.js';

export interface VerifyHandlerDeps {
  store: Store;
  runtime: Pick<Runtime, 'rehearse'>;
  stores: Stores;
}

/**
 * Proves a backup by restoring it where nobody is, and comparing what is there then with what was counted when it was
 * made. It says nothing about the database, which may be busy, failed or deleted.
 */
export function verifyHandler({ store, runtime, stores }: VerifyHandlerDeps): OperationHandler {
  return {
    run: async (work) => {
      const backup = backupOf(store, work);
      const { id: backupId, engineVersion } = backup;
      const { memoryBytes } = PLAN_OFFERS[work.database.plan].resources;
      const dump = await findStoredDump(stores, work.database, backup, work.signal);
      const { manifest, open, sizeBytes, reasonOf } = dump;
      const restored = await runtime
        .rehearse({ backupId, engineVersion, memoryBytes, open, sizeBytes }, work)
        .catch((error: unknown) => {
          throw reasonOf(error);
        });
      const differences = compareContents(manifest.contents, restored);
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
