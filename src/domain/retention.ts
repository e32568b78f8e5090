import type { Backup } from './backup.js';

const DAY_MS = 24 * 60 * 60_000;

/**
 * Which of the catalogued backups may be deleted now: those that succeeded and expired, and those that failed as many
 * days ago as backups are kept. The last good ones of each database stay however old they are, and all that is good while
 * its latest run is a failure: as long as nothing new comes, nothing goes. The age of a file, which a copy or a touch
 * would change, is never looked at.
 *
 * @param backups in the order in which they were made: a clock that was once wrong makes none the newest
 */
export function deletableBackups(backups: readonly Backup[], now: Date, retentionDays: number): Backup[] {
  const time = now.toISOString();
  const failedUntil = new Date(now.getTime() - retentionDays * DAY_MS).toISOString();
  const isForgotten = ({ status, finishedAt, createdAt }: Backup) =>
    status === 'failed' && (finishedAt ?? createdAt) <= failedUntil;
  const runs = backups.filter((backup) => isOver(backup) && !isForgotten(backup));
  const failing = new Set(
    newestOfEach(runs)
      .filter(({ status }) => status === 'failed')
      .map(({ databaseId }) => databaseId),
  );
  const kept = lastGoodIds(backups);
  const isExpired = ({ id, databaseId, status, expiresAt }: Backup) =>
    status === 'succeeded' &&
    expiresAt !== null &&
    expiresAt <= time &&
    !kept.has(id) &&
    !failing.has(databaseId);
  return backups.filter((backup) => isForgotten(backup) || isExpired(backup));
}

/**
 * The newest backup of each database that succeeded, and the newest that was proved by a restore; and the newest of those
 * whose latest verification did not fail, for it may have failed over the backup, or over a full disk.
 */
function lastGoodIds(backups: readonly Backup[]): Set<string> {
  const succeeded = backups.filter(({ status }) => status === 'succeeded');
  const isProved = ({ verifiedAt }: Backup) => verifiedAt !== null;
  const sound = succeeded.filter(({ verification }) => verification?.status !== 'failed');
  const kept = [succeeded, succeeded.filter(isProved), sound, sound.filter(isProved)];
  return new Set(kept.flatMap(newestOfEach).map(({ id }) => id));
}

function isOver({ status }: Backup): boolean {
  return status === 'succeeded' || status === 'failed';
}

/** Of each database. */
function newestOfEach(backups: readonly Backup[]): Backup[] {
  return [...new Map(backups.map((backup) => [backup.databaseId, backup])).values()];
}
