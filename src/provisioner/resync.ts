import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../domain/clock.js';
import type { Logger } from '../domain/logger.js';
import type { Database } from '../domain/records.js';
import type { DatabaseSpec, Runtime } from '../runtime/runtime.js';
import { RuntimeError } from '../runtime/runtime-error.js';
import { findDatabaseById, listDatabasesToWatch } from '../store/databases.js';
import { enqueueOperation, isRepairHeldUp } from '../store/operations.js';
import type { Store } from '../store/store.js';
import { databaseSpec } from './database-spec.js';

export interface ResyncDeps {
  store: Store;
  runtime: Pick<Runtime, 'findDrift' | 'watch'>;
  nudge: () => void;
  clock: Clock;
  logger: Logger;
  /** How often rows and runtime are compared when nothing hints at a change. */
  intervalMs: number;
  /** How soon after a hint they are; hints in between are one. */
  hintDelayMs: number;
  /** How long a database whose repair failed is left alone. */
  repairPauseMs: number;
}

/** How many databases are read before others get their turn. */
const BATCH = 10;

/** Compares the databases that should run with what runs, and queues a repair for each that differs. */
export class Resync {
  private readonly abort = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  private dueAtMs = Infinity;
  private current: Promise<void> = Promise.resolve();
  private watching: Promise<void> = Promise.resolve();
  private complaint: string | null = null;

  constructor(private readonly deps: ResyncDeps) {}

  start(): void {
    this.watching = this.deps.runtime
      .watch(() => this.schedule(this.deps.hintDelayMs), this.abort.signal)
      .catch((error: unknown) => this.deps.logger.error({ err: error }, 'the runtime is no longer watched'));
    this.schedule(0);
  }

  async stop(): Promise<void> {
    this.abort.abort();
    clearTimeout(this.timer);
    await Promise.all([this.current, this.watching]);
  }

  /** One comparison. Returns how many repairs it queued. Rejects when the runtime cannot be observed. */
  async once(): Promise<number> {
    const { store, runtime, clock, nudge } = this.deps;
    const failedBefore = new Date(clock().getTime() - this.deps.repairPauseMs).toISOString();
    const watched = listDatabasesToWatch(store, failedBefore);
    const specs: DatabaseSpec[] = [];
    for (const [index, database] of watched.entries()) {
      // A thousand at once would hold up every request.
      if (index % BATCH === BATCH - 1) await setImmediate();
      specs.push(...this.specOf(database));
    }
    if (specs.length === 0) return 0;
    const drift = await runtime.findDrift(specs, this.abort.signal);
    // What failed may work again by itself: only a repair that succeeds says so.
    const failed = watched.filter(({ status }) => status === 'failed');
    const reasons = new Map([...failed.map(({ id }) => [id, 'it failed before'] as const), ...drift]);
    let queued = 0;
    for (const [databaseId, reason] of reasons) {
      if (this.queueRepair(databaseId, reason)) queued += 1;
    }
    if (queued > 0) nudge();
    return queued;
  }

  /** One whose rows are broken is told of, and is no reason to leave the others alone. */
  private specOf(database: Database): DatabaseSpec[] {
    const { store, logger } = this.deps;
    try {
      return [databaseSpec(store, database)];
    } catch (error) {
      logger.error({ err: error, databaseId: database.id }, 'the rows of a database cannot be used');
      return [];
    }
  }

  /** Much may have happened since the comparison began: whoever has other work queued is left to it. */
  private queueRepair(databaseId: string, reason: string): boolean {
    const { store, logger } = this.deps;
    return store.transaction(() => {
      const status = findDatabaseById(store, databaseId)?.status;
      if ((status !== 'ready' && status !== 'failed') || isRepairHeldUp(store, databaseId)) return false;
      enqueueOperation(store, { databaseId, kind: 'repair' });
      logger.warn({ databaseId, reason }, 'a database differs from its row and is repaired');
      return true;
    });
  }

  /** Has the next comparison begin in `delayMs`, unless one is due sooner. */
  private schedule(delayMs: number): void {
    const dueAtMs = Date.now() + delayMs;
    if (this.abort.signal.aborted || dueAtMs >= this.dueAtMs) return;
    clearTimeout(this.timer);
    this.dueAtMs = dueAtMs;
    this.timer = setTimeout(() => {
      this.current = this.current.then(() => this.compare());
    }, delayMs);
  }

  private async compare(): Promise<void> {
    this.dueAtMs = Infinity;
    try {
      await this.once();
      if (this.complaint !== null) this.deps.logger.info({}, 'the runtime can be observed again');
      this.complaint = null;
    } catch (error) {
      this.complain(error);
    }
    this.schedule(this.deps.intervalMs);
  }

  /** Says once what is wrong, not every time that it still is. */
  private complain(error: unknown): void {
    if (this.abort.signal.aborted) return;
    const complaint = error instanceof RuntimeError ? error.message : String(error);
    if (complaint === this.complaint) return;
    this.complaint = complaint;
    this.deps.logger.error({ err: error }, 'the databases cannot be compared with the runtime');
  }
}
