import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../../domain/clock.js';
import type { Logger } from '../../domain/logger.js';
import {
  listDueForBackup,
  listScheduled,
  listWithoutSchedule,
  setNextBackup,
} from '../../store/backup-schedule.js';
import { queueBackup } from '../../store/queue-backup.js';
import type { Store } from '../../store/store.js';
import { Rounds } from '../rounds.js';
import { dueTimesAfter, type BackupPlan } from './due-times.js';

export interface SchedulerDeps {
  store: Store;
  plan: BackupPlan;
  /** How long a scheduled backup is kept. */
  retentionMs: number;
  clock: Clock;
  logger: Logger;
  /** Says that something was queued. */
  nudge: () => void;
  /** What else is looked at with each tick. */
  ticked: () => void;
  intervalMs: number;
}

/** How many are queued in one transaction: a thousand that are due at once must not hold up every request. */
const BATCH = 50;

/**
 * Queues the backups that nobody has to ask for. When a database is due lies in the store: what fell due while no daemon
 * ran is made up for, once, however many runs were missed.
 */
export class BackupScheduler {
  private readonly rounds: Rounds;

  constructor(private readonly deps: SchedulerDeps) {
    const { intervalMs, logger, ticked } = deps;
    this.rounds = new Rounds({
      round: async (signal) => {
        const queued = await this.tick(signal);
        if (queued > 0) logger.info({ queued }, 'backups are due');
        ticked();
      },
      // A store that fails (a full disk, say) is tried again with the next beat.
      failed: (error) => logger.error({ err: error }, 'the schedule of backups cannot be followed'),
      intervalMs,
    });
  }

  /** Throws when the store cannot be used. */
  start(): void {
    this.align();
    this.rounds.nudge();
  }

  stop(): Promise<void> {
    return this.rounds.stop();
  }

  /** Has what is not due yet follow the schedule, which may be another than before. */
  align(): void {
    const { store, plan, clock } = this.deps;
    store.transaction(() => {
      const due = dueTimesAfter(clock(), plan);
      for (const { id, nextBackupAt } of listScheduled(store)) {
        const at = due.of(id).toISOString();
        if (at !== nextBackupAt) setNextBackup(store, id, at);
      }
    });
  }

  /** Looks once at what is due. Returns how many backups it queued. */
  async tick(signal: AbortSignal): Promise<number> {
    const { nudge } = this.deps;
    this.decide();
    let queued = 0;
    for (;;) {
      const count = this.queueBatch();
      queued += count;
      if (count > 0) nudge();
      if (count < BATCH || signal.aborted) return queued;
      await setImmediate();
    }
  }

  /** Decides when a new database is due, and anew where the clock was far ahead when it was decided. */
  private decide(): void {
    const { store, plan, clock } = this.deps;
    store.transaction(() => {
      const due = dueTimesAfter(clock(), plan);
      for (const id of listWithoutSchedule(store, due.horizon.toISOString())) {
        setNextBackup(store, id, due.of(id).toISOString());
      }
    });
  }

  private queueBatch(): number {
    const { store, plan, retentionMs, clock } = this.deps;
    return store.transaction(() => {
      const databases = listDueForBackup(store, BATCH);
      if (databases.length === 0) return 0;
      const due = dueTimesAfter(clock(), plan);
      for (const database of databases) {
        queueBackup(store, database, { kind: 'scheduled', keptForMs: retentionMs });
        setNextBackup(store, database.id, due.of(database.id).toISOString());
      }
      return databases.length;
    });
  }
}
