import { BACKUP_KINDS, BACKUP_STATUSES, type Backup, type BackupTask } from '../../src/domain/backup.js';
import { deletableBackups } from '../../src/domain/retention.js';

const NOW = new Date('2030-06-30T12:00:00.000Z');
const RETENTION_DAYS = 7;
const daysAgo = (days: number) => new Date(NOW.getTime() - days * 86_400_000).toISOString();

/** One that was made so many days ago and was to be kept for seven. */
function backup(id: string, age: number, change: Partial<Backup> = {}): Backup {
  return {
    id,
    databaseId: '1database',
    kind: 'scheduled',
    status: 'succeeded',
    engineVersion: 17,
    sizeBytes: 1,
    sha256: 'a'.repeat(64),
    createdAt: daysAgo(age),
    startedAt: daysAgo(age),
    finishedAt: daysAgo(age),
    verifiedAt: null,
    verification: null,
    copy: null,
    expiresAt: daysAgo(age - RETENTION_DAYS),
    errorMessage: null,
    ...change,
  };
}

const DISPROVED: BackupTask = { status: 'failed', errorMessage: 'changed', finishedAt: daysAgo(1) };

const idsOf = (backups: Backup[]) => backups.map(({ id }) => id);
/** Of those that were made in the order of their times. */
const deletable = (...backups: Backup[]) =>
  idsOf(
    deletableBackups(
      backups.toSorted((one, other) => one.createdAt.localeCompare(other.createdAt)),
      NOW,
      RETENTION_DAYS,
    ),
  );

describe('retention', () => {
  it('lets go of what expired, and not before', () => {
    expect(
      deletable(
        backup('today', 0),
        backup('young', 6.99),
        backup('due', 7),
        backup('oldest', 30),
        backup('old', 8),
      ),
    ).toEqual(['oldest', 'old', 'due']);
  });

  it('keeps the last good one however old it is', () => {
    expect(deletable(backup('only', 1000))).toEqual([]);
    expect(deletable(backup('older', 1001), backup('newest', 1000))).toEqual(['older']);
  });

  it('keeps the newest that was verified too', () => {
    const verifiedAt = daysAgo(1);
    expect(
      deletable(
        backup('newest', 10),
        backup('verified', 20, { verifiedAt }),
        backup('before', 30, { verifiedAt }),
      ),
    ).toEqual(['before']);
  });

  it('takes none for good whose latest verification failed, and lets go of no more for that', () => {
    const verifiedAt = daysAgo(20);
    const last = backup('last', 10, { verifiedAt, verification: DISPROVED });
    expect(
      deletable(
        last,
        backup('sound', 11),
        backup('sounder', 12, { verifiedAt }),
        backup('before', 13, { verifiedAt }),
      ),
    ).toEqual(['before']);
    expect(deletable(last, backup('newer', 9))).toEqual([]);
  });

  it('takes for the newest the one that was made last, whatever the clock said', () => {
    const ahead = backup('ahead', -1000, { verifiedAt: daysAgo(-1000), expiresAt: daysAgo(0) });
    const good = backup('good', 9, { verifiedAt: daysAgo(9) });
    expect(idsOf(deletableBackups([ahead, backup('before', 10), good], NOW, RETENTION_DAYS))).toEqual([
      'ahead',
      'before',
    ]);
  });

  it('keeps what has no expiry', () => {
    expect(deletable(backup('new', 0), backup('kept', 1000, { expiresAt: null }))).toEqual([]);
  });

  it('goes by the expiry, not by the age', () => {
    expect(
      deletable(
        backup('new', 0),
        backup('long', 90, { expiresAt: daysAgo(-1) }),
        backup('short', 1, { expiresAt: daysAgo(0.5) }),
      ),
    ).toEqual(['short']);
  });

  it('lets go of what failed once it is as old as backups get', () => {
    const failed = { status: 'failed', expiresAt: null, startedAt: null } as const;
    expect(
      deletable(
        backup('young', 6, failed),
        backup('old', 8, failed),
        backup('cut', 9, { ...failed, finishedAt: null }),
      ),
    ).toEqual(['cut', 'old']);
  });

  it('lets go of nothing that is good while the latest run is a failure', () => {
    const failed = { status: 'failed', expiresAt: null } as const;
    const week = [backup('good', 8), backup('better', 9), backup('best', 10)];
    expect(deletable(...week, backup('last', 1, failed))).toEqual([]);
    expect(deletable(...week, backup('last', 1, failed), backup('since', 0.5))).toEqual([
      'best',
      'better',
      'good',
    ]);
    expect(deletable(...week, backup('between', 8.5, failed))).toEqual(['best', 'better', 'between']);
    expect(deletable(...week, backup('others', 1, { ...failed, databaseId: '2database' }))).toEqual([
      'best',
      'better',
    ]);
  });

  it('takes a failure that is as old as backups get for forgotten', () => {
    const failed = backup('failed', 7, { status: 'failed', expiresAt: null });
    expect(deletable(backup('good', 8), backup('better', 9), failed)).toEqual(['better', 'failed']);
  });

  it('leaves what runs or waits alone', () => {
    expect(
      deletable(backup('1', 100, { status: 'running' }), backup('2', 100, { status: 'pending' })),
    ).toEqual([]);
  });

  it('keeps the last good one of each database', () => {
    expect(deletable(backup('one', 10), backup('other', 20, { databaseId: '2database' }))).toEqual([]);
  });

  it('deletes nothing when it is not told how long', () => {
    expect(() => deletableBackups([backup('1', 9, { status: 'failed' })], NOW, NaN)).toThrow(RangeError);
  });
});

describe('whatever there is, retention', () => {
  const RUNS = 500;

  it.each(Array.from({ length: 5 }, (_, n) => n + 1))('keeps its promises (seed %i)', (seed) => {
    const random = randomFrom(seed);
    for (let run = 0; run < RUNS; run++) {
      const all = Array.from({ length: Math.floor(random() * 12) }, (_, n) => randomBackup(`b${n}`, random));
      const before = structuredClone(all);
      const gone = deletableBackups(all, NOW, RETENTION_DAYS);
      const left = all.filter((one) => !gone.includes(one));
      const good = all.filter(({ status }) => status === 'succeeded');

      expect(all).toEqual(before);
      expect(gone.every((one) => all.includes(one))).toBe(true);
      expect(new Set(gone).size).toBe(gone.length);
      for (const { status, expiresAt } of gone) {
        expect(['succeeded', 'failed']).toContain(status);
        if (status === 'succeeded') expect(expiresAt !== null && expiresAt <= NOW.toISOString()).toBe(true);
      }
      // The last good ones.
      const newest = good.at(-1);
      const sound = good.filter(({ verification }) => verification?.status !== 'failed');
      const newestSound = sound.at(-1);
      const newestVerified = good.findLast(({ verifiedAt }) => verifiedAt);
      const newestProved = sound.findLast(({ verifiedAt }) => verifiedAt);
      if (newest) expect(left).toContain(newest);
      if (newestProved) expect(left).toContain(newestProved);
      if (newestSound) expect(left).toContain(newestSound);
      if (newestVerified) expect(left).toContain(newestVerified);
      // One that runs changes nothing about what succeeded, and a failure never lets go of anything.
      const added = {
        ...randomBackup('more', random),
        status: random() < 0.5 ? 'failed' : 'running',
      } as const;
      const goneThen = deletableBackups([...all, added], NOW, RETENTION_DAYS).filter((one) => one !== added);
      if (added.status === 'running') expect(goneThen).toEqual(gone);
      else expect(gone).toEqual(expect.arrayContaining(goneThen));
      // What is done once is done.
      expect(deletableBackups(left, NOW, RETENTION_DAYS)).toEqual([]);
      // Nothing comes back as time goes on.
      const later = deletableBackups(all, new Date(NOW.getTime() + random() * 1e9), RETENTION_DAYS);
      expect(gone.every((one) => later.includes(one))).toBe(true);
    }
  });
});

function randomBackup(id: string, random: () => number): Backup {
  const age = Math.floor(random() * 20);
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
  return backup(id, age, {
    kind: pick(BACKUP_KINDS),
    status: pick([...BACKUP_STATUSES, 'succeeded', 'succeeded']),
    startedAt: pick([daysAgo(age), daysAgo(age - 0.5), null]),
    finishedAt: pick([daysAgo(age - 1), null]),
    verifiedAt: pick([null, daysAgo(0)]),
    verification: pick([null, DISPROVED]),
    expiresAt: pick([null, daysAgo(age - 7), daysAgo(Math.floor(random() * 40) - 20)]),
  });
}

/** Numbers that look random and are the same every time (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
