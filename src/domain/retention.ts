import type { Backup } from './backup.js';

const DAY_MS = 24 * 60 * 60_000;

/**
 * Which of the catalogued backups may be deleted now, oldest first: those that succeeded and expired, and those
 * that failed as many days ago as backups are kept. The last good ones of each database stay however old they
 * are. What failed is never looked at to decide about what succeeded, so that a run of failures takes nothing
 * away; neither is the age of a file, which a copy or a touch would change.
 */
export function deletableBackups(backups: readonly Backup[], now: Date, retentionDays: number): Backup[] {
  const kept = lastGoodIds(backups);
  const time = now.toISOString();
  const failedUntil = new Date(now.getTime() - retentionDays * DAY_MS).toISOString();
  const isDeletable = (backup: Backup): boolean => {
    switch (backup.status) {
      case 'pending':
      case 'running':
        return false;
      case 'succeeded':
        return backup.expiresAt !== null && backup.expiresAt <= time && !kept.has(backup.id);
      case 'failed':
        return (backup.finishedAt ?? backup.createdAt) <= failedUntil;
    }
  };
  return backups.filter(isDeletable).sort((one, other) => (isNewer(one, other) ? 1 : -1));
}

/** The newest backup of each database that succeeded, and the newest that was proved by a restore. */
function lastGoodIds(backups: readonly Backup[]): Set<string> {
  const succeeded = backups.filter(({ status }) => status === 'succeeded');
  const verified = succeeded.filter(({ verifiedAt }) => verifiedAt !== null);
  return new Set([...newestOfEach(succeeded), ...newestOfEach(verified)].map(({ id }) => id));
}

function newestOfEach(backups: readonly Backup[]): Backup[] {
  const newest = new Map<string, Backup>();
  for (const backup of backups) {
    const before = newest.get(backup.databaseId);
    if (!before || isNewer(backup, before)) newest.set(backup.databaseId, backup);
  }
  return [...newest.values()];
}

/** A dump holds what the database held when it was started. */
function isNewer(one: Backup, other: Backup): boolean {
  const [time, otherTime] = [one.startedAt ?? one.createdAt, other.startedAt ?? other.createdAt];
  return time === otherTime ? one.id > other.id : time > otherTime;
}
