import type { Backup } from '../domain/backup.js';
import type { Logger } from '../domain/logger.js';
import type { Database } from '../domain/records.js';
import type { CopyStore } from './bucket/copy-store.js';
import type { DiskStore, Opened } from './disk/disk-store.js';
import { keyOf } from './key-of.js';
import { ManifestError } from './manifest.js';
import { StorageError } from './storage-error.js';

export interface Stores {
  disk: DiskStore;
  /** `null`: there is no bucket. */
  copies: CopyStore | null;
  logger: Logger;
}

/**
 * The archive that a row tells of, with what it should hold, and no other that somebody put in its place with a
 * manifest to match. Where there is a copy it stands in for a file that is missing or was changed; what was given out
 * cannot be taken back, so the file is then read through before any of it is.
 */
export async function openStored(
  { disk, copies, logger }: Stores,
  database: Database,
  backup: Backup,
  signal: AbortSignal = new AbortController().signal,
): Promise<Opened> {
  const key = keyOf(database, backup);
  const openFile = async () => requireSame(backup, await disk.open(key));
  if (!copies || backup.copy?.status !== 'succeeded') return openFile();
  try {
    await readThrough((await openFile()).chunks, signal);
    return await openFile();
  } catch (error) {
    if (!(error instanceof StorageError || error instanceof ManifestError)) throw error;
    logger.error({ err: error, backupId: backup.id }, 'a backup cannot be read: its copy is');
    return requireSame(backup, await copies.open(key, signal));
  }
}

async function readThrough(chunks: AsyncIterable<Buffer>, signal: AbortSignal): Promise<void> {
  for await (const { length } of chunks) {
    if (length > 0) signal.throwIfAborted();
  }
}

function requireSame(backup: Backup, opened: Opened): Opened {
  const { manifest } = opened;
  if (manifest.sha256 === backup.sha256 && manifest.sizeBytes === backup.sizeBytes) return opened;
  throw new StorageError('changed', `the files of backup ${backup.id} are not those that were stored`);
}
