import { sha256 } from '../../secrets/digest.js';
import type { Schedule } from './schedule.js';

export interface BackupPlan {
  schedule: Schedule;
  /** Over how long after each run its databases are spread. */
  windowMs: number;
}

export interface DueTimes {
  /** When a database is due next. */
  of: (databaseId: string) => Date;
  /** What is due only then was written while the clock was wrong. */
  horizon: Date;
}

/**
 * The due times after `now`: of each run, a database has the same part of the window each time, and none runs into the
 * next run. They follow from the schedule, the time and the id alone, so that a restart changes none.
 */
export function dueTimesAfter(now: Date, { schedule, windowMs }: BackupPlan): DueTimes {
  // The run whose window it is now, if there is one, else the next.
  let run = schedule.nextRun(new Date(now.getTime() - windowMs));
  let next = schedule.nextRun(run);
  while (next <= now) [run, next] = [next, schedule.nextRun(next)];
  const third = schedule.nextRun(next);
  const spread = (share: number, from: Date, to: Date) => {
    const roomMs = Math.min(windowMs, to.getTime() - from.getTime());
    return new Date(from.getTime() + Math.floor(share * roomMs));
  };
  return {
    of: (databaseId) => {
      const share = shareOf(databaseId);
      const due = spread(share, run, next);
      return due > now ? due : spread(share, next, third);
    },
    horizon: schedule.nextRun(third),
  };
}

/** Where in a window a database is, from 0 to just below 1. */
function shareOf(databaseId: string): number {
  return sha256(databaseId).readUInt32BE(0) / 2 ** 32;
}
