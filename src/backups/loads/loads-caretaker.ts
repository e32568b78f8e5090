import type { Logger } from '../../domain/logger.js';
import type { Database } from '../../domain/records.js';
import type { DatabaseSpec, Runtime } from '../../runtime/runtime.js';
import { findDatabaseById } from '../../store/databases.js';
import { listExpiredPrevious, markPreviousRemoved, type ExpiredPrevious } from '../../store/loads.js';
import type { Store } from '../../store/store.js';
import type { Incoming } from './incoming.js';

export interface LoadsCaretakerDeps {
  store: Store;
  runtime: Pick<Runtime, 'removePrevious'>;
  incoming: Incoming;
  specOf: (database: Database) => DatabaseSpec;
  /** Whether the clock can be believed that something is old. */
  isSteady: () => boolean;
  logger: Logger;
  /** How long one removal may take. */
  patienceMs: number;
}

/** Removes what restores and imports leave: uploads that are imported, and former data that was kept long enough. */
export class LoadsCaretaker {
  constructor(private readonly deps: LoadsCaretakerDeps) {}

  async once(stop: AbortSignal): Promise<void> {
    await this.sweepUploads();
    if (!this.deps.isSteady()) return;
    for (const expired of listExpiredPrevious(this.deps.store)) {
      if (stop.aborted) return;
      await this.removePrevious(expired, stop);
    }
  }

  private async sweepUploads(): Promise<void> {
    const { incoming, logger } = this.deps;
    try {
      const removed = await incoming.sweep();
      if (removed.length > 0) logger.info({ removed }, 'uploads that nobody needs any more were removed');
    } catch (error) {
      logger.error({ err: error }, 'the uploads cannot be tidied up');
    }
  }

  private async removePrevious(
    { operationId, databaseId }: ExpiredPrevious,
    stop: AbortSignal,
  ): Promise<void> {
    const { store, runtime, specOf, logger, patienceMs } = this.deps;
    const signal = AbortSignal.any([stop, AbortSignal.timeout(patienceMs)]);
    try {
      const database = findDatabaseById(store, databaseId);
      if (!database) throw new Error(`there is no database ${databaseId}`);
      await runtime.removePrevious(specOf(database), operationId, { signal });
      markPreviousRemoved(store, operationId);
      logger.info({ databaseId, operationId }, 'former data is kept no longer');
    } catch (error) {
      if (stop.aborted) return;
      logger.warn({ err: error, databaseId, operationId }, 'former data cannot be removed now');
    }
  }
}
