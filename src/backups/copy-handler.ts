import type { OperationHandler, Work } from '../domain/operation-handler.js';
import { findBackup, findBackupById } from '../store/backups.js';
import { recordResult } from '../store/operations.js';
import type { Store } from '../store/store.js';
import type { CopyStore } from './bucket/copy-store.js';
import type { DiskStore } from './disk/disk-store.js';
import { keyOf } from './key-of.js';
import type { Manifest, StoredFile } from './manifest.js';
import { StorageError } from './storage-error.js';

export interface CopyHandlerDeps {
  store: Store;
  disk: DiskStore;
  /** `null`: no bucket is configured any more. */
  copies: CopyStore | null;
}

/**
 * Copies a stored backup into the bucket, or finds that an attempt before has. Of a backup that is removed meanwhile
 * nothing stays there.
 */
export function copyHandler({ store, disk, copies }: CopyHandlerDeps): OperationHandler {
  return {
    run: async ({ operation, database, signal }: Work) => {
      if (!copies) throw noBucket();
      const backup = findBackupById(store, operation.backupId ?? '');
      if (!backup) throw new Error(`operation ${operation.id} has no backup`);
      const { id } = backup;
      const { location } = copies;
      const isKept = () => findBackup(store, database.id, id) !== undefined;
      const key = keyOf(database, backup);
      if (isKept()) {
        // Before anything can be there: whoever removes the backup later has to look.
        recordResult(store, operation.id, { location, recipient: null });
        const describes = ({ sha256, sizeBytes }: Manifest) =>
          sha256 === backup.sha256 && sizeBytes === backup.sizeBytes;
        const found = await copies.find(key, signal);
        let file: StoredFile;
        if (found && describes(found)) file = found.file;
        else {
          const local = await disk.openFile(key);
          if (!describes(local.manifest)) throw notTheStored(id);
          file = await copies.put(key, local, signal);
        }
        recordResult(store, operation.id, { location, recipient: file.encryption?.recipient ?? null });
      }
      if (!isKept()) await copies.remove(key, signal);
    },
    succeeded: () => undefined,
    failed: () => undefined,
  };
}

function notTheStored(backupId: string): StorageError {
  return new StorageError(
    'changed',
    `the files of backup ${backupId} are not those that were stored: look who changed them`,
  );
}

function noBucket(): StorageError {
  return new StorageError(
    'bucket_missing',
    'no bucket for copies is configured any more: set PAASDB_S3_BUCKET again',
  );
}
