import type { Backup } from '../domain/backup.js';
import type { Database } from '../domain/records.js';
import type { DiskStore } from './disk-store.js';
import { keyOf } from './key-of.js';
import type { Manifest } from './manifest.js';
import { StorageError } from './storage-error.js';

/** The archive that a row tells of, and no other that somebody put in its place with a manifest to match. */
export async function openStored(
  disk: DiskStore,
  database: Database,
  backup: Backup,
): Promise<AsyncIterable<Buffer>> {
  return (await openWithManifest(disk, database, backup)).chunks;
}

/** The same, with what it should hold. */
export async function openWithManifest(
  disk: DiskStore,
  database: Database,
  backup: Backup,
): Promise<{ manifest: Manifest; chunks: AsyncIterable<Buffer> }> {
  const { manifest, chunks } = await disk.open(keyOf(database, backup));
  if (manifest.sha256 !== backup.sha256 || manifest.sizeBytes !== backup.sizeBytes) {
    throw new StorageError('changed', `the files of backup ${backup.id} are not those that were stored`);
  }
  return { manifest, chunks };
}
