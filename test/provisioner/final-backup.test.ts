import type { BackupVerify } from '../../src/domain/backup.js';
import type { OperationKind } from '../../src/domain/operation.js';
import type { Settled } from '../../src/domain/operation-handler.js';
import { listAuditEvents } from '../../src/store/audit.js';
import { removeBackup } from '../../src/store/backups.js';
import { setDatabaseStatus } from '../../src/store/databases.js';
import { claimNextOperation, recoverOperations, settleOperation } from '../../src/store/operation-queue.js';
import { enqueueOperation, getOperation, listOperations } from '../../src/store/operations.js';
import { queueBackup } from '../../src/store/queue-backup.js';
import { findVolume } from '../../src/store/volumes.js';
import { openTestStore } from '../store/open-test-store.js';
import { defined, readyDatabase } from '../store/sample-rows.js';
import { allHandlers, diskStoreIn } from './all-handlers.js';
import { ScriptedRuntime } from './scripted-runtime.js';

/** A database that is being deleted with its volume, after a final backup. */
function deletedWithBackup({ verify = 'none' }: { verify?: BackupVerify } = {}) {
  const test = openTestStore();
  const { store, clock, folder } = test;
  const runtime = new ScriptedRuntime();
  const handlers = allHandlers({ store, runtime, disk: diskStoreIn(folder), clock: clock.read, verify });
  const database = readyDatabase(store);
  runtime.volumes.add(database.volumeId);
  setDatabaseStatus(store, database.id, 'deleting');
  const { backupId } = queueBackup(store, database, { kind: 'final', keptForMs: 1000 });
  const removal = enqueueOperation(store, {
    databaseId: database.id,
    kind: 'remove',
    deleteVolume: true,
    backupId,
  });
  /** One attempt at what is next, which has to be of this kind. */
  const attempt = async (kind: OperationKind): Promise<Settled> => {
    const operation = defined(claimNextOperation(store, 0));
    expect(operation.kind).toBe(kind);
    const settled = { operation, database };
    store.transaction(() => handlers[kind].begin?.(settled));
    const { signal } = new AbortController();
    await handlers[kind].run({ ...settled, signal, onProgress: () => undefined });
    return settled;
  };
  const succeed = async (kind: OperationKind) => {
    const settled = await attempt(kind);
    store.transaction(() => {
      handlers[kind].succeeded(settled);
      settleOperation(store, settled.operation.id, 'succeeded', { errorMessage: null, progress: null });
    });
  };
  return {
    ...test,
    runtime,
    database,
    backupId,
    attempt,
    succeed,
    /** What is next, which has to be of this kind, fails for good. */
    fail(kind: OperationKind, errorMessage: string) {
      const operation = defined(claimNextOperation(store, 0));
      expect(operation.kind).toBe(kind);
      settleOperation(store, operation.id, 'failed', { errorMessage, progress: null });
    },
    volume: () => findVolume(store, database.volumeId)?.state,
    result: () => getOperation(store, removal.id).result,
    audited: () =>
      JSON.parse(listAuditEvents(store, 'acme', { limit: 1, cursor: null }).data[0]?.detail ?? '') as unknown,
  };
}

describe('a removal with a final backup', () => {
  it('comes after it, and destroys the volume then', async () => {
    using deleted = deletedWithBackup();
    await deleted.succeed('backup');
    await deleted.succeed('remove');
    const { id, volumeId } = deleted.database;
    expect(deleted.runtime.history).toEqual([`dump ${id}`, `remove ${id}`, `destroyVolume ${volumeId}`]);
    expect([deleted.volume(), deleted.runtime.volumes.size]).toEqual(['purged', 0]);
    expect(deleted.result()).toEqual({ finalBackup: 'succeeded' });
  });

  it('that failed removes the database, keeps the volume, and says so', async () => {
    using deleted = deletedWithBackup();
    deleted.fail('backup', 'the disk is full');
    await deleted.succeed('remove');
    expect(deleted.runtime.history).toEqual([`remove ${deleted.database.id}`]);
    expect([deleted.volume(), deleted.runtime.volumes.size]).toEqual(['preserved', 1]);
    const result = {
      finalBackup: 'failed',
      volume: 'preserved',
      reason: 'there is no final backup (the disk is full), so the volume is kept',
    };
    expect(deleted.result()).toEqual(result);
    expect(deleted.audited()).toMatchObject(result);
  });

  it('that somebody deleted at once keeps the volume', async () => {
    using deleted = deletedWithBackup();
    await deleted.succeed('backup');
    removeBackup(deleted.store, deleted.backupId);
    await deleted.succeed('remove');
    expect(deleted.volume()).toBe('preserved');
    expect(deleted.result()).toMatchObject({ reason: expect.stringContaining('deleted meanwhile') });
  });

  it('does not say of a volume that it was kept, when it was destroyed before a crash', async () => {
    using deleted = deletedWithBackup();
    await deleted.succeed('backup');
    await deleted.attempt('remove');
    removeBackup(deleted.store, deleted.backupId);
    await deleted.succeed('remove');
    expect([deleted.volume(), deleted.runtime.volumes.size]).toEqual(['purged', 0]);
  });

  it('waits until that is verified, where backups are', async () => {
    using deleted = deletedWithBackup({ verify: 'scheduled' });
    await deleted.succeed('backup');
    expect(claimNextOperation(deleted.store, 1000)?.kind).toBe('verify');
    expect(claimNextOperation(deleted.store, 1000)).toBeUndefined();
    deleted.clock.advance(1000);
    await deleted.succeed('verify');
    await deleted.succeed('remove');
    expect([deleted.volume(), deleted.result()]).toEqual(['purged', { finalBackup: 'succeeded' }]);
  });

  it('waits for that after the daemon died while it was verified, too', async () => {
    using deleted = deletedWithBackup({ verify: 'scheduled' });
    await deleted.succeed('backup');
    expect(claimNextOperation(deleted.store, 30_000)?.kind).toBe('verify');
    recoverOperations(deleted.store);
    expect(claimNextOperation(deleted.store, 30_000)?.kind).toBe('verify');
    expect(claimNextOperation(deleted.store, 30_000)).toBeUndefined();
    expect([deleted.volume(), deleted.runtime.volumes.size]).toEqual(['attached', 1]);
  });

  it('that cannot be restored keeps the volume, and says so', async () => {
    using deleted = deletedWithBackup({ verify: 'scheduled' });
    await deleted.succeed('backup');
    deleted.fail('verify', 'function f() does not exist');
    await deleted.succeed('remove');
    expect([deleted.volume(), deleted.runtime.volumes.size]).toEqual(['preserved', 1]);
    expect(deleted.result()).toMatchObject({
      finalBackup: 'failed',
      reason: 'the final backup could not be restored (function f() does not exist), so the volume is kept',
    });
  });

  it('waits for as long as the backup takes', () => {
    using deleted = deletedWithBackup();
    expect(claimNextOperation(deleted.store, 1000)?.kind).toBe('backup');
    expect(claimNextOperation(deleted.store, 1000)).toBeUndefined();
    const operations = listOperations(deleted.store, deleted.database.id, { limit: 10, cursor: null });
    expect(operations.data.map(({ kind, status }) => `${kind} ${status}`)).toEqual([
      'remove queued',
      'backup running',
    ]);
  });
});
