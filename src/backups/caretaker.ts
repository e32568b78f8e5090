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
import type { DiskStore } from './disk-store.js';
import { keyOf } from './key-of.js';
import { StorageError } from './storage-error.js';

export interface CaretakerDeps {
  store: Store;
  disk: DiskStore;
  clock: Clock;
  logger: Logger;
  retentionDays: number;
  intervalMs: number;
}

/** Lets go of what need not be kept any longer, and removes the files of what was let go. */
export class Caretaker {
  private timer: NodeJS.Timeout | undefined;
  private current: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(private readonly deps: CaretakerDeps) {}

  start(): void {
    this.current = this.sweep().catch((error: unknown) => this.complain(error));
    this.nudge();
  }

  /** Looks now. */
  nudge(): void {
    if (this.stopped) return;
    clearTimeout(this.timer);
    this.current = this.current.then(() => this.once()).catch((error: unknown) => this.complain(error));
    this.timer = setTimeout(() => this.nudge(), this.deps.intervalMs);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.current;
  }

  async once(): Promise<void> {
    const { store, disk, clock, retentionDays, logger } = this.deps;
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

  private async sweep(): Promise<void> {
    const { removed, problems } = await this.deps.disk.sweep();
    if (removed.length + problems.length === 0) return;
    this.deps.logger.warn({ removed, problems }, 'backups that were cut short were swept away');
  }

  private complain(error: unknown): void {
    this.deps.logger.error({ err: error }, 'the backups cannot be tidied up');
  }
}
