import { BACKED_UP_PLANS } from './plans.js';
import type { Database } from './records.js';

/** A backup may wait for others and take its time: only after that it is missed. */
const PATIENCE_MS = 2 * 60 * 60_000;

/** By how much clocks may differ. */
const CLOCK_MS = 60 * 60_000;

/**
 * How old the last good backup of a database may be, where runs of the schedule are at most so far apart. With one
 * every day it is 26 hours.
 */
export function overdueAfterMs(longestGapMs: number): number {
  return longestGapMs + PATIENCE_MS;
}

/**
 * Whether a database should have been backed up since, whatever the reason that it was not: a backup that failed, one
 * that is never done, a schedule that stands still, or a database that is `failed` and cannot be dumped. One that has
 * no good backup yet is counted from when it was ready.
 */
export function isBackupOverdue(
  database: Pick<Database, 'plan' | 'status' | 'readyAt' | 'lastBackupAt'>,
  now: Date,
  afterMs: number,
): boolean {
  const { plan, status, readyAt, lastBackupAt } = database;
  if (!BACKED_UP_PLANS.includes(plan) || status === 'deleting' || status === 'deleted') return false;
  const since = lastBackupAt ?? readyAt;
  if (since === null) return false;
  const ageMs = now.getTime() - new Date(since).getTime();
  // One of the future says only that a clock was wrong, and would keep quiet until then.
  return ageMs > afterMs || ageMs < -CLOCK_MS;
}
