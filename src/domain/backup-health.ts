import { BACKED_UP_PLANS } from './plans.js';
import type { Database } from './records.js';

/** How the backups of a host are, in numbers that say nothing of anybody. */
export interface BackupHealth {
  overdue: number;
  /** Of the database whose last good backup is the oldest; `null` where there is none. */
  oldestLastGoodAgeSeconds: number | null;
}

export function backupHealth<Facts extends Pick<Database, 'plan' | 'lastBackupAt'>>(
  databases: readonly Facts[],
  isOverdue: (database: Facts) => boolean,
  now: Date,
): BackupHealth {
  const times = databases.flatMap(({ plan, lastBackupAt }) =>
    lastBackupAt !== null && BACKED_UP_PLANS.includes(plan) ? [Date.parse(lastBackupAt)] : [],
  );
  const oldest = times.reduce((one, other) => Math.min(one, other), Infinity);
  return {
    overdue: databases.filter((database) => isOverdue(database)).length,
    oldestLastGoodAgeSeconds:
      oldest === Infinity ? null : Math.max(0, Math.floor((now.getTime() - oldest) / 1000)),
  };
}
