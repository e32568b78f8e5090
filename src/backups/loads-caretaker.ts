import type { Logger } from '../domain/logger.js';
import type { Database } from '../domain/records.js';
import type { DatabaseSpec, Runtime } from '../runtime/runtime.js';
import { findDatabaseById } from '../store/databases.js';
import { listExpiredPrevious, markPreviousRemoved, type ExpiredPrevious } from '../store/loads.js';
import type { Store } from '../store/store.js';
import type { Incoming } from './incoming.js';

export interface LoadsCaretakerDeps {
  store: Store;
  runtime: Pick<Runtime, 'removePrevious'>;
  incoming: Incoming;
  specOf: (database: Database) => DatabaseSpec;
  logger: Logger;
  intervalMs: number;
  /** How long one removal may take. */
  patienceMs: number;
}

/** Removes what restores and imports leave: uploads that are imported, and former data that was kept long enough. */
export class LoadsCaretaker {
  private readonly abort = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  private current: Promise<void> = Promise.resolve();
  /** One look is queued already: more would see the same. */
  private waiting = false;

  constructor(private readonly deps: LoadsCaretakerDeps) {}

  start(): void {
    this.nudge();
  }

  /** Looks now. */
  nudge(): void {
    if (this.abort.signal.aborted) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.nudge(), this.deps.intervalMs);
    if (this.waiting) return;
    this.waiting = true;
    this.current = this.current.then(async () => {
      this.waiting = false;
      await this.once();
    });
  }

  async stop(): Promise<void> {
    this.abort.abort();
    clearTimeout(this.timer);
    await this.current;
  }

  /** Never rejects: what fails is told of, and tried again. */
  async once(): Promise<void> {
    await this.sweepUploads();
    for (const expired of this.expired()) {
      if (this.abort.signal.aborted) return;
      await this.removePrevious(expired);
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

  private expired(): ExpiredPrevious[] {
    try {
      return listExpiredPrevious(this.deps.store);
    } catch (error) {
      this.deps.logger.error({ err: error }, 'former data cannot be looked for');
      return [];
    }
  }

  private async removePrevious({ operationId, databaseId }: ExpiredPrevious): Promise<void> {
    const { store, runtime, specOf, logger, patienceMs } = this.deps;
    const signal = AbortSignal.any([this.abort.signal, AbortSignal.timeout(patienceMs)]);
    try {
      const database = findDatabaseById(store, databaseId);
      if (!database) throw new Error(`there is no database ${databaseId}`);
      await runtime.removePrevious(specOf(database), operationId, { signal });
      markPreviousRemoved(store, operationId);
      logger.info({ databaseId, operationId }, 'former data is kept no longer');
    } catch (error) {
      if (this.abort.signal.aborted) return;
      logger.warn({ err: error, databaseId, operationId }, 'former data cannot be removed now');
    }
  }
}
