import { isBackupOverdue, overdueAfterMs } from '../../src/domain/backup-overdue.js';
import type { Database } from '../../src/domain/records.js';

const HOUR_MS = 3_600_000;
const NOW = new Date('2030-06-30T12:00:00.000Z');
const hoursAgo = (hours: number) => new Date(NOW.getTime() - hours * HOUR_MS).toISOString();

type Facts = Pick<Database, 'plan' | 'status' | 'readyAt' | 'lastBackupAt'>;
const LONG_READY: Facts = {
  plan: 'standard',
  status: 'ready',
  readyAt: hoursAgo(1000),
  lastBackupAt: hoursAgo(1),
};
const overdue = (change: Partial<Facts>) =>
  isBackupOverdue({ ...LONG_READY, ...change }, NOW, overdueAfterMs(24 * HOUR_MS));

describe('a database that is to be backed up every day', () => {
  it('is overdue once its last good backup is older than 26 hours', () => {
    expect(overdue({ lastBackupAt: hoursAgo(26) })).toBe(false);
    expect(overdue({ lastBackupAt: hoursAgo(26.001) })).toBe(true);
  });

  it('is overdue when its last good backup is one of the future, which a wrong clock has made', () => {
    expect(overdue({ lastBackupAt: hoursAgo(-0.9) })).toBe(false);
    expect(overdue({ lastBackupAt: hoursAgo(-24) })).toBe(true);
  });

  it('that has none yet counts from when it was ready', () => {
    expect(overdue({ lastBackupAt: null, readyAt: hoursAgo(26) })).toBe(false);
    expect(overdue({ lastBackupAt: null, readyAt: hoursAgo(27) })).toBe(true);
    expect(overdue({ lastBackupAt: null, readyAt: null, status: 'provisioning' })).toBe(false);
  });

  it('is overdue although it failed: nobody can back it up, and that is what has to be told', () => {
    expect(overdue({ status: 'failed', lastBackupAt: hoursAgo(27) })).toBe(true);
  });

  it.each(['deleting', 'deleted'] as const)('is not overdue any more when it is %s', (status) => {
    expect(overdue({ status, lastBackupAt: hoursAgo(1000) })).toBe(false);
  });
});

it('a plan without backups is never overdue', () => {
  expect(overdue({ plan: 'free', lastBackupAt: null })).toBe(false);
});

it('a backup every week is given its week', () => {
  const database = { ...LONG_READY, lastBackupAt: hoursAgo(7 * 24 + 2) };
  expect(isBackupOverdue(database, NOW, overdueAfterMs(7 * 24 * HOUR_MS))).toBe(false);
});
