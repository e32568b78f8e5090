import type { Logger } from '../domain/logger.js';
import { listRemovedCopies, listUncopiedBackups, markCopyRemoved } from '../store/copies.js';
import { findDatabaseById } from '../store/databases.js';
import type { Store } from '../store/store.js';
import type { CopyStore } from './bucket/copy-store.js';
import { keyOf } from './key-of.js';
import { queueCopy } from './queue-copy.js';
import { StorageError } from './storage-error.js';

export interface CopyKeeperDeps {
  store: Store;
  copies: CopyStore;
  logger: Logger;
  /** Says that copies were queued. */
  nudge: () => void;
}

/**
 * Has every backup that is kept copied, and the copies of those that were removed be removed. Apart from what tidies
 * the disk: a bucket that does not answer must not hold that up.
 */
export class CopyKeeper {
  constructor(private readonly deps: CopyKeeperDeps) {}

  async once(signal: AbortSignal): Promise<void> {
    this.queueMissing();
    await this.removeUnwanted(signal);
  }

  private queueMissing(): void {
    const { store, copies, logger, nudge } = this.deps;
    const queued = store.transaction(() => {
      const uncopied = listUncopiedBackups(store, copies.location);
      for (const backup of uncopied) queueCopy(store, backup);
      return uncopied.length;
    });
    if (queued === 0) return;
    logger.info({ queued, location: copies.location }, 'backups without a copy are copied');
    nudge();
  }

  private async removeUnwanted(signal: AbortSignal): Promise<void> {
    const { store, copies, logger } = this.deps;
    const isStopped = () => signal.aborted;
    for (const backup of listRemovedCopies(store, copies.location)) {
      if (isStopped()) return;
      const database = findDatabaseById(store, backup.databaseId);
      if (!database) throw new Error(`backup ${backup.id} has no database`);
      try {
        await copies.remove(keyOf(database, backup), signal);
        markCopyRemoved(store, backup.id);
      } catch (error) {
        if (isStopped()) return;
        logger.error({ err: error, backupId: backup.id }, 'the copy of a backup cannot be removed');
        // What fails one fails the others, and each can take its time to.
        if (error instanceof StorageError && error.retryable) return;
      }
    }
  }
}
