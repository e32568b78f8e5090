import { BucketStore } from '../../src/backups/bucket/bucket-store.js';
import { CopyKeeper } from '../../src/backups/copy-keeper.js';
import { CopyStore } from '../../src/backups/bucket/copy-store.js';
import type { Encryption } from '../../src/backups/encryption.js';
import { keyOf } from '../../src/backups/key-of.js';
import { openStored } from '../../src/backups/open-stored.js';
import type { Backup } from '../../src/domain/backup.js';
import type { Bucket } from '../../src/domain/bucket.js';
import { DatabaseProvisioner } from '../../src/provisioner/database-provisioner.js';
import { OperationWaiters } from '../../src/provisioner/operation-waiters.js';
import { findBackup, insertBackup } from '../../src/store/backups.js';
import { enqueueOperation } from '../../src/store/operations.js';
import { MemoryLogger } from '../memory-logger.js';
import { allHandlers, diskStoreIn } from '../provisioner/all-handlers.js';
import { ScriptedRuntime } from '../provisioner/scripted-runtime.js';
import { openTestStore } from '../store/open-test-store.js';
import { defined, readyDatabase } from '../store/sample-rows.js';

/** A daemon's parts that make backups and copy them into a bucket, on a store and a disk of their own. */
export function copyingDaemon(bucket: Bucket | null, encryption: Encryption) {
  const test = openTestStore();
  const { store, clock } = test;
  const runtime = new ScriptedRuntime();
  const logger = new MemoryLogger();
  const disk = diskStoreIn(test.folder);
  const database = readyDatabase(store);
  let copies =
    bucket && new CopyStore(new BucketStore(bucket, { connectMs: 1000, idleMs: 5000 }), encryption);

  /** Does what is due until nothing is, or for one attempt at each. */
  const work = async () => {
    const provisioner = new DatabaseProvisioner({
      store,
      handlers: allHandlers({ store, runtime, disk, clock: clock.read, copies }),
      waiters: new OperationWaiters(),
      clock: clock.read,
      logger,
      concurrency: 10,
      leaseMs: 30_000,
      heartbeatMs: 1000,
      attemptMs: 600_000,
    });
    provisioner.start();
    while (isDue()) await new Promise((resolve) => setTimeout(resolve, 5));
    await provisioner.stop();
  };
  const isDue = () =>
    store.get(
      `SELECT 1 FROM operations WHERE status = 'running' OR (status = 'queued' AND run_at <= ?)`,
      store.now(),
    ) !== undefined;
  const backup = (id: string): Backup => defined(findBackup(store, database.id, id));
  return {
    ...test,
    runtime,
    logger,
    disk,
    database,
    work,
    backup,
    get copies() {
      return defined(copies ?? undefined);
    },
    /** As if the daemon had been started anew with another bucket. */
    use: (other: Bucket | null) => {
      copies?.close();
      copies = other && new CopyStore(new BucketStore(other, { connectMs: 1000, idleMs: 5000 }), encryption);
    },
    /** Asks for a backup. */
    ask: ({ keptForMs = null }: { keptForMs?: number | null } = {}): string => {
      const operation = enqueueOperation(store, {
        databaseId: database.id,
        kind: 'backup',
      });
      const { id } = operation;
      const row = { databaseId: database.id, operationId: id, kind: 'manual', engineVersion: 17 } as const;
      insertBackup(store, { id, keptForMs, ...row });
      return id;
    },
    keyOf: (id: string) => keyOf(database, { id, createdAt: backup(id).createdAt }),
    read: async (id: string) => (await openStored({ disk, copies, logger }, database, backup(id))).chunks,
    keeper: () =>
      new CopyKeeper({
        store,
        copies: defined(copies ?? undefined),
        logger,
        nudge: () => undefined,
      }),
    [Symbol.dispose]() {
      copies?.close();
      test[Symbol.dispose]();
    },
  };
}

export type CopyingDaemon = ReturnType<typeof copyingDaemon>;
