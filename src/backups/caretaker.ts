import type { Clock } from '../domain/clock.js';
import type { Logger } from '../domain/logger.js';
import { deletableBackups } from '../domain/retention.js';
import {
  listBackedUpDatabaseIds,
  listKeptBackups,
  listRemovedBackups,
  markFilesRemoved,
  removeBackup,
} from '../store/backups.js';
import { findDatabaseById } from '../store/databases.js';
import { isBackupInUse } from '../store/operations.js';
import type { Store } from '../store/store.js';
import type { DiskStore } from './disk/disk-store.js';
import { keyOf } from './key-of.js';
import { StorageError } from './storage-error.js';
import { takeStock } from './take-stock.js';

export interface CaretakerDeps {
  store: Store;
  disk: DiskStore;
  clock: Clock;
  /** Whether the clock can be believed that something is old. */
  isSteady: () => boolean;
  logger: Logger;
  retentionDays: number;
}

/** Lets go of what need not be kept any longer, and removes the files of what was let go. */
export class Caretaker {
  private swept = false;

  constructor(private readonly deps: CaretakerDeps) {}

  async once(): Promise<void> {
    // What cannot be swept keeps nothing else from being tidied up.
    await this.sweep().catch((error: unknown) => {
      this.deps.logger.error({ err: error }, 'what backups have left behind cannot be swept away');
    });
    if (this.deps.isSteady()) this.letGo();
    await this.removeFiles();
  }

  private letGo(): void {
    const { store, clock, retentionDays, logger } = this.deps;
    for (const databaseId of listBackedUpDatabaseIds(store)) {
      store.transaction(() => {
        for (const { id } of deletableBackups(listKeptBackups(store, databaseId), clock(), retentionDays)) {
          // It is looked at again when whoever needs it is done.
          if (isBackupInUse(store, id)) continue;
          removeBackup(store, id);
          logger.info({ databaseId, backupId: id }, 'a backup is kept no longer');
        }
      });
    }
  }

  private async removeFiles(): Promise<void> {
    const { store, disk, logger } = this.deps;
    for (const backup of listRemovedBackups(store)) {
      const database = findDatabaseById(store, backup.databaseId);
      if (!database) throw new Error(`backup ${backup.id} has no database`);
      try {
        await disk.remove(keyOf(database, backup));
      } catch (error) {
        // Where nothing was ever stored, there is not even a folder.
        if (!(error instanceof StorageError && error.code === 'missing' && backup.sha256 === null)) {
          // The others go all the same, and this one is tried again.
          logger.error({ err: error, backupId: backup.id }, 'the files of a backup cannot be removed');
          continue;
        }
      }
      markFilesRemoved(store, backup.id);
    }
  }

  /** Once: what this process leaves, it removes itself. */
  private async sweep(): Promise<void> {
    if (this.swept) return;
    const { store, disk, logger } = this.deps;
    const { removed, problems } = await disk.sweep();
    this.swept = true;
    if (removed.length + problems.length > 0) {
      logger.warn({ removed, problems }, 'backups that were cut short were swept away');
    }
    const stock = await takeStock(store, disk);
    if (stock.missing.length + stock.problems.length > 0) {
      logger.error(stock, 'backups that should be in their folder are not, or not as they were written');
    } else if (stock.unknown.length > 0) {
      logger.warn(stock, 'there are backups that the control database does not know: they are left alone');
    }
  }
}
