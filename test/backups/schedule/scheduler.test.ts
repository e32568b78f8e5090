import { Schedule } from '../../../src/backups/schedule/schedule.js';
import { BackupScheduler } from '../../../src/backups/schedule/scheduler.js';
import type { DatabasePlan } from '../../../src/domain/plans.js';
import { findDatabaseById, setDatabaseStatus } from '../../../src/store/databases.js';
import { claimNextOperation, settleOperation } from '../../../src/store/operation-queue.js';
import { cancelOperations, enqueueOperation } from '../../../src/store/operations.js';
import { queueBackup } from '../../../src/store/queue-backup.js';
import { MemoryLogger } from '../../memory-logger.js';
import { openTestStore, type TestStore } from '../../store/open-test-store.js';
import { readyDatabase, sampleDatabase } from '../../store/sample-rows.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const { signal } = new AbortController();

let test: TestStore;
let nudge: jest.Mock;
beforeEach(() => {
  test = openTestStore();
  nudge = jest.fn();
});
afterEach(() => test[Symbol.dispose]());

function schedulerOf({ expression = '0 3 * * *', windowMinutes = 60 } = {}): BackupScheduler {
  return new BackupScheduler({
    store: test.store,
    plan: { schedule: Schedule.parse(expression), windowMs: windowMinutes * 60_000 },
    retentionMs: 7 * DAY_MS,
    clock: test.clock.read,
    logger: new MemoryLogger(),
    nudge,
    ticked: () => undefined,
    intervalMs: 20_000,
  });
}

/** As the daemon starts it, but without a timer. */
async function start(options?: Parameters<typeof schedulerOf>[0]): Promise<BackupScheduler> {
  const scheduler = schedulerOf(options);
  scheduler.align();
  await scheduler.tick(signal);
  return scheduler;
}

const ready = (name = 'main', plan: DatabasePlan = 'standard') =>
  readyDatabase(test.store, { name, plan }).id;
const nextOf = (id: string) => findDatabaseById(test.store, id)?.nextBackupAt ?? null;
const backups = () =>
  test.store.all<{ databaseId: string; kind: string; createdAt: string; expiresAt: string }>(
    `SELECT database_id AS databaseId, kind, created_at AS createdAt, expires_at AS expiresAt FROM backups ORDER BY rowid`,
  );
const settle = (status: 'succeeded' | 'failed' = 'succeeded') => {
  for (;;) {
    const operation = claimNextOperation(test.store, 30_000);
    if (!operation) return;
    settleOperation(test.store, operation.id, status, { errorMessage: null, progress: null });
  }
};
/** Lets days pass with a tick every 20 minutes, in which every backup is done. */
async function live(scheduler: BackupScheduler, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 20 * 60_000) {
    test.clock.advance(20 * 60_000);
    await scheduler.tick(signal);
    settle();
  }
}

describe('a database', () => {
  it('gets its first due time when it is ready, and is backed up every day from then on', async () => {
    const id = sampleDatabase(test.store).id;
    const scheduler = await start();
    expect(nextOf(id)).toBeNull();
    setDatabaseStatus(test.store, id, 'provisioning');
    setDatabaseStatus(test.store, id, 'ready');
    await scheduler.tick(signal);
    expect(nextOf(id)).toMatch(/^2030-01-01T03:/);
    expect(backups()).toEqual([]);
    await live(scheduler, 5 * DAY_MS);
    expect(backups().map(({ kind, createdAt }) => `${kind} ${createdAt.slice(0, 10)}`)).toEqual([
      'scheduled 2030-01-01',
      'scheduled 2030-01-02',
      'scheduled 2030-01-03',
      'scheduled 2030-01-04',
      'scheduled 2030-01-05',
    ]);
  });

  it('has its backups kept for as long as retention says', async () => {
    ready();
    await live(await start(), DAY_MS);
    const [{ createdAt, expiresAt } = { createdAt: '', expiresAt: '' }] = backups();
    expect(Date.parse(expiresAt) - Date.parse(createdAt)).toBe(7 * DAY_MS);
  });

  it('of a plan without backups has none', async () => {
    const id = ready('main', 'free');
    await live(await start(), 2 * DAY_MS);
    expect([nextOf(id), backups()]).toEqual([null, []]);
  });

  it('that failed or is deleted is not backed up', async () => {
    const [failed, deleting] = [ready('failed'), ready('deleting')];
    const scheduler = await start();
    setDatabaseStatus(test.store, failed, 'failed', 'no disk');
    setDatabaseStatus(test.store, deleting, 'deleting');
    await live(scheduler, 2 * DAY_MS);
    expect(backups()).toEqual([]);
    // It stays due, and is counted as overdue in the end; nothing forgets it.
    expect(nextOf(failed)).toMatch(/^2030-01-01T03:/);
    setDatabaseStatus(test.store, failed, 'ready');
    await scheduler.tick(signal);
    expect(backups()).toHaveLength(1);
    expect(nextOf(failed)).toMatch(/^2030-01-03T03:/);
  });

  it('whose backup failed is backed up at the next run again', async () => {
    ready();
    const scheduler = await start({ windowMinutes: 0 });
    test.clock.advance(3 * HOUR_MS);
    await scheduler.tick(signal);
    settle('failed');
    await live(scheduler, DAY_MS);
    expect(backups()).toHaveLength(2);
  });

  it('with a backup under way is backed up after it', async () => {
    const id = ready();
    const scheduler = await start({ windowMinutes: 0 });
    queueBackup(test.store, { id, engineVersion: 17 }, { kind: 'manual', keptForMs: null });
    test.clock.advance(3 * HOUR_MS);
    expect(await scheduler.tick(signal)).toBe(0);
    settle();
    expect(await scheduler.tick(signal)).toBe(1);
    expect(backups().map(({ kind }) => kind)).toEqual(['manual', 'scheduled']);
  });

  it('that is busy otherwise has its backup queued behind that', async () => {
    const id = ready();
    const scheduler = await start({ windowMinutes: 0 });
    enqueueOperation(test.store, { databaseId: id, kind: 'restart' });
    test.clock.advance(3 * HOUR_MS);
    expect(await scheduler.tick(signal)).toBe(1);
    expect(claimNextOperation(test.store, 30_000)?.kind).toBe('restart');
    expect(claimNextOperation(test.store, 30_000)).toBeUndefined();
  });
});

describe('a tick', () => {
  it('queues nothing that one before it has queued', async () => {
    ready();
    const [one, other] = [await start(), await start()];
    test.clock.advance(4 * HOUR_MS);
    expect(await Promise.all([one.tick(signal), other.tick(signal), one.tick(signal)])).toEqual([1, 0, 0]);
    expect(backups()).toHaveLength(1);
  });

  it('says that there is something to do, and only then', async () => {
    ready();
    const scheduler = await start();
    expect(nudge).not.toHaveBeenCalled();
    test.clock.advance(4 * HOUR_MS);
    await scheduler.tick(signal);
    await scheduler.tick(signal);
    expect(nudge).toHaveBeenCalledTimes(1);
  });

  it('that fails keeps the due time: either both rows are written, or none', async () => {
    const id = ready();
    const scheduler = await start();
    const due = nextOf(id);
    test.clock.advance(4 * HOUR_MS);
    jest.spyOn(test.store, 'newId').mockImplementationOnce(() => {
      throw new Error('the disk is full');
    });
    await expect(scheduler.tick(signal)).rejects.toThrow('the disk is full');
    expect([nextOf(id), backups()]).toEqual([due, []]);
    expect(await scheduler.tick(signal)).toBe(1);
  });

  it('queues a hundred and twenty that are due at once, of which two are at work', async () => {
    test.store.transaction(() => {
      for (let n = 0; n < 120; n += 1) ready(`db-${n}`);
    });
    const scheduler = await start();
    test.clock.advance(4 * HOUR_MS);
    expect(await scheduler.tick(signal)).toBe(120);
    expect(new Set(backups().map(({ databaseId }) => databaseId)).size).toBe(120);
    const claimed = [1, 2, 3].map(() => claimNextOperation(test.store, 30_000)?.kind);
    expect(claimed).toEqual(['backup', 'backup', undefined]);
  });
});

describe('after a downtime', () => {
  it('what fell due is made up for at once, and once, however many runs were missed', async () => {
    const id = ready();
    await start();
    test.clock.advance(10 * DAY_MS);
    const scheduler = await start();
    expect(backups()).toHaveLength(1);
    expect(nextOf(id)).toMatch(/^2030-01-11T03:/);
    settle();
    await scheduler.tick(signal);
    expect(backups()).toHaveLength(1);
  });

  it('in the window after a run, those follow that are not due yet', async () => {
    const ids = Array.from({ length: 20 }, (_, n) => ready(`db-${n}`));
    await start();
    const due = ids.map(nextOf);
    test.clock.advance(3 * HOUR_MS + 30 * 60_000);
    await start();
    const half = due.filter((at) => (at ?? '') <= test.store.now()).length;
    expect(backups()).toHaveLength(half);
    expect(half).toBeGreaterThan(0);
    expect(half).toBeLessThan(20);
    expect(ids.map(nextOf).filter((at) => at?.startsWith('2030-01-01'))).toHaveLength(20 - half);
  });
});

describe('another schedule', () => {
  it('holds from the start on, for what is not due yet', async () => {
    const id = ready();
    await start({ expression: '0 3 * * 0' });
    expect(nextOf(id)).toMatch(/^2030-01-06T03:/);
    await start({ expression: '0 5 * * *' });
    expect(nextOf(id)).toMatch(/^2030-01-01T05:/);
    expect(backups()).toEqual([]);
  });

  it('does not forget what was due by the one before', async () => {
    ready();
    await start();
    test.clock.advance(5 * HOUR_MS);
    await start({ expression: '0 22 * * *' });
    expect(backups()).toHaveLength(1);
  });

  it('that is the same changes nothing', async () => {
    const ids = Array.from({ length: 10 }, (_, n) => ready(`db-${n}`));
    await start();
    const due = ids.map(nextOf);
    test.clock.advance(HOUR_MS);
    await start();
    expect(ids.map(nextOf)).toEqual(due);
  });
});

describe('a clock', () => {
  it('that is set back a little has nothing backed up twice', async () => {
    ready();
    const scheduler = await start({ windowMinutes: 0 });
    test.clock.advance(3 * HOUR_MS + 1000);
    await scheduler.tick(signal);
    settle();
    test.clock.advance(-HOUR_MS);
    await live(scheduler, 2 * HOUR_MS);
    expect(backups()).toHaveLength(1);
  });

  it('that was years ahead does not stop backups until it is then', async () => {
    const id = ready();
    test.clock.advance(1000 * DAY_MS);
    const scheduler = await start();
    expect(nextOf(id)).toMatch(/^2032-/);
    test.clock.advance(-1000 * DAY_MS);
    await scheduler.tick(signal);
    expect(nextOf(id)).toMatch(/^2030-01-01T03:/);
    await live(scheduler, DAY_MS);
    expect(backups()).toHaveLength(1);
  });
});

describe('the timer', () => {
  beforeEach(() => jest.useFakeTimers({ doNotFake: ['setImmediate'] }));
  afterEach(() => jest.useRealTimers());

  it('looks at the start and every twenty seconds, goes on after a failure, and stops when told', async () => {
    const ticked = jest.fn();
    const logger = new MemoryLogger();
    const { store, clock } = test;
    const scheduler = new BackupScheduler({
      store,
      plan: { schedule: Schedule.parse('0 3 * * *'), windowMs: 0 },
      retentionMs: DAY_MS,
      clock: clock.read,
      logger,
      nudge,
      ticked,
      intervalMs: 20_000,
    });
    const id = ready();
    scheduler.start();
    await jest.advanceTimersByTimeAsync(0);
    expect(ticked).toHaveBeenCalledTimes(1);
    ticked.mockImplementationOnce(() => {
      throw new Error('the disk is full');
    });
    await jest.advanceTimersByTimeAsync(20_000);
    expect(logger.messages('error')).toEqual(['the schedule of backups cannot be followed']);
    clock.advance(3 * HOUR_MS);
    await jest.advanceTimersByTimeAsync(20_000);
    expect(backups().map(({ databaseId }) => databaseId)).toEqual([id]);
    await scheduler.stop();
    await jest.advanceTimersByTimeAsync(60_000);
    expect(ticked).toHaveBeenCalledTimes(3);
  });
});

it('a database that is deleted while its backup is queued takes that along', async () => {
  const id = ready();
  const scheduler = await start({ windowMinutes: 0 });
  test.clock.advance(3 * HOUR_MS);
  await scheduler.tick(signal);
  cancelOperations(test.store, id);
  setDatabaseStatus(test.store, id, 'deleting');
  await live(scheduler, 2 * DAY_MS);
  expect(backups()).toHaveLength(1);
});
