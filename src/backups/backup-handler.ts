import type { Backup, BackupVerify } from '../domain/backup.js';
import type { Clock } from '../domain/clock.js';
import type { OperationHandler, Settled, Work } from '../domain/operation-handler.js';
import type { Database } from '../domain/records.js';
import type { DatabaseSpec, Runtime } from '../runtime/runtime.js';
import { auditOperation } from '../store/audit-operation.js';
import { findBackupOf, recordArchive } from '../store/backups.js';
import { enqueueOperation, findUnfinishedOperation } from '../store/operations.js';
import type { Store } from '../store/store.js';
import type { BackupKey } from './backup-key.js';
import type { DiskStore } from './disk/disk-store.js';
import { keyOf } from './key-of.js';
import { queueCopy } from './queue-copy.js';
import { StorageError } from './storage-error.js';
import type { WrittenDump } from './disk/write-dump.js';

export interface BackupHandlerDeps {
  store: Store;
  runtime: Pick<Runtime, 'dump'>;
  disk: DiskStore;
  /** Whether what succeeded is to be copied into a bucket. */
  copies: boolean;
  specOf: (database: Database) => DatabaseSpec;
  clock: Clock;
  /** Which backups are verified as soon as they are made. */
  verify: BackupVerify;
}

/** Dumps a database into a file. Nothing counts before the file is whole, checked and has its final name. */
export function backupHandler(deps: BackupHandlerDeps): OperationHandler {
  const { store, disk } = deps;
  return {
    run: async (work) => {
      const backup = backupOf(store, work);
      const key = keyOf(work.database, backup);
      const stored = (await findStored(disk, key)) ?? (await dump(deps, work, backup, key));
      recordArchive(store, backup.id, {
        ...stored,
        recipient: stored.file.encryption?.recipient ?? null,
      });
    },
    outlives: true,
    succeeded: (settled) => {
      queueVerification(deps, settled);
      if (deps.copies) queueCopy(store, backupOf(store, settled));
      auditOperation(store, settled, 'succeeded');
    },
    failed: (settled, errorMessage) => auditOperation(store, settled, 'failed', { errorMessage }),
  };
}

/**
 * One in the queue is enough for each database: where backups are made faster than they can be verified, a part of them
 * is, and the queue does not grow day by day. But the final one, which the data goes for, always is.
 */
function queueVerification({ store, verify }: BackupHandlerDeps, settled: Settled): void {
  const { id: backupId, databaseId, kind } = backupOf(store, settled);
  if (verify === 'none' || (verify === 'scheduled' && kind === 'manual')) return;
  const isQueued = () => findUnfinishedOperation(store, databaseId, ['verify'])?.status === 'queued';
  if (kind !== 'final' && isQueued()) return;
  enqueueOperation(store, { databaseId, kind: 'verify', backupId });
}

function backupOf(store: Store, { operation }: Settled): Backup {
  const backup = findBackupOf(store, operation.id);
  if (!backup) throw new Error(`operation ${operation.id} has no backup`);
  return backup;
}

/** What an attempt has stored that died before it could say so. */
async function findStored(disk: DiskStore, key: BackupKey): Promise<WrittenDump | null> {
  try {
    const { manifest } = await disk.open(key);
    await disk.verify(key, manifest.sha256, manifest.sizeBytes);
    await disk.keep(key);
    return manifest;
  } catch (error) {
    if (error instanceof StorageError && error.code === 'missing') return null;
    throw error;
  }
}

async function dump(
  { runtime, disk, specOf, clock }: BackupHandlerDeps,
  { database, signal, onProgress }: Work,
  backup: Backup,
  key: BackupKey,
): Promise<WrittenDump> {
  const now = () => clock().toISOString();
  const startedAt = now();
  await using draft = await disk.begin(key);
  const received: WrittenDump[] = [];
  const { contents, compression, dumpVersion } = await runtime.dump(
    specOf(database),
    async (archive) => {
      received.push(await draft.write(archive));
    },
    { signal, onProgress },
  );
  const [written] = received;
  if (!written) throw new Error('a dump resolved before it was consumed');
  const { sizeBytes, sha256, file } = written;
  await draft.commit({
    backupId: backup.id,
    kind: backup.kind,
    org: database.org,
    app: database.app,
    databaseName: database.name,
    databaseId: database.id,
    engineVersion: database.engineVersion,
    serverVersion: contents.serverVersion,
    pgDumpVersion: dumpVersion,
    compression,
    startedAt,
    finishedAt: now(),
    sizeBytes,
    sha256,
    file,
    contents,
  });
  return written;
}
