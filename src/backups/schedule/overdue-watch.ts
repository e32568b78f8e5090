import type { Clock } from '../../domain/clock.js';
import type { Logger } from '../../domain/logger.js';
import { listBackupFacts, type BackupFacts } from '../../store/backup-facts.js';
import type { Store } from '../../store/store.js';

export interface OverdueWatchDeps {
  store: Store;
  isOverdue: (facts: BackupFacts) => boolean;
  clock: Clock;
  logger: Logger;
  /** How often it is told of at the most. */
  intervalMs: number;
}

/** How many are named: the log has to stay readable on the day that the disk is full. */
const NAMED = 20;

/** Tells of the databases whose last good backup is too old, again and again until that is mended. */
export class OverdueWatch {
  private lookedAtMs: number | null = null;

  constructor(private readonly deps: OverdueWatchDeps) {}

  look(): void {
    const { store, isOverdue, clock, logger, intervalMs } = this.deps;
    const nowMs = clock().getTime();
    // A clock that was set back must not silence it.
    const sinceMs = this.lookedAtMs === null ? Infinity : Math.abs(nowMs - this.lookedAtMs);
    if (sinceMs < intervalMs) return;
    this.lookedAtMs = nowMs;
    const overdue = listBackupFacts(store).filter((facts) => isOverdue(facts));
    if (overdue.length === 0) return;
    const databases = overdue.slice(0, NAMED).map(({ id, org, app, name, status, lastBackupAt }) => ({
      databaseId: id,
      name: `${org}/${app}/${name}`,
      status,
      lastBackupAt,
    }));
    logger.warn(
      { overdue: overdue.length, databases },
      'the last good backup of these databases is too old: look at their operations, and mend those that failed',
    );
  }
}
