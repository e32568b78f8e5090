import { lstat } from 'node:fs/promises';
import type { BackupKey } from '../backup-key.js';
import { whatIs } from './files.js';
import type { Manifest } from '../manifest.js';
import type { OpenDrafts } from './open-drafts.js';
import { backupsAmong, fileOf, placeOf } from './place.js';
import { readManifest } from './read-manifest.js';
import { onDisk, StorageError } from '../storage-error.js';
import { problemOf, readFolder, walk, type Problem } from './walk.js';

export interface StoredBackup extends Pick<Manifest, 'sha256' | 'sizeBytes'> {
  key: BackupKey;
}

export interface BackupListing {
  /** By org, app, database and time. */
  backups: StoredBackup[];
  problems: Problem[];
}

/**
 * What is there, read from the disk alone. No manifest is kept in memory, which can be megabytes. Dumps are not read: that
 * one has the size of its manifest does not say that it is unchanged. What is being written is left out.
 */
export async function listBackups(root: string, drafts: OpenDrafts): Promise<BackupListing> {
  const { folders, problems } = await walk(root);
  const backups: StoredBackup[] = [];
  for (const { database, path } of folders) {
    const names = (await readFolder(path, problems)).map(({ name }) => name);
    for (const file of backupsAmong(names, 'finished')) {
      const key = { ...database, ...file };
      const place = placeOf(root, key);
      if (drafts.has(place)) continue;
      try {
        backups.push(await readBackup(root, key));
      } catch (error) {
        problems.push(problemOf(place.dump, error));
      }
    }
  }
  return { backups, problems };
}

async function readBackup(root: string, key: BackupKey): Promise<StoredBackup> {
  const place = placeOf(root, key);
  if (whatIs(place.manifest) === 'nothing') {
    throw new StorageError(
      'missing',
      `${place.dump} has no manifest beside it: what it should hold is not known`,
    );
  }
  if ([place.dump, place.encryptedDump].every((path) => whatIs(path) === 'nothing')) {
    throw new StorageError(
      'missing',
      `${place.manifest} has no dump beside it: it was moved away, or never finished`,
    );
  }
  const manifest = await readManifest(place, key);
  const path = fileOf(place, manifest.file);
  const dump = await onDisk(path, () => lstat(path));
  if (!dump.isFile()) throw new StorageError('in_the_way', `${path} is not a file`);
  if (dump.size !== manifest.file.sizeBytes) {
    throw new StorageError(
      'changed',
      `${path} was changed since it was written: it has ${dump.size} bytes instead of ${manifest.file.sizeBytes}`,
    );
  }
  const { sha256, sizeBytes } = manifest;
  return { key, sha256, sizeBytes };
}
