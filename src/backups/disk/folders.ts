import { rmdirSync } from 'node:fs';
import { lstat, mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf, onDisk, StorageError } from '../storage-error.js';

/**
 * Makes the folders `names` below `root`, one in another, and has the disk keep them. The root is never made: it
 * may be where a disk is to be mounted, and without it the backups would fill the wrong one.
 */
export async function makeFolders(root: string, names: readonly string[]): Promise<void> {
  let folder = root;
  for (const name of names) {
    const parent = folder;
    folder = join(parent, name);
    await makeFolder(folder, parent);
    // Also when it was there: who made it may have died before it was kept.
    await syncFolder(parent);
  }
}

/**
 * Throws unless each of the folders is there and a folder. The root may be a link, for that is the operator's
 * choice; a link below it could lead a backup anywhere, and is not followed.
 */
export async function requireFolders(root: string, names: readonly string[]): Promise<void> {
  let folder = root;
  for (const name of names) {
    folder = join(folder, name);
    await requireFolder(folder);
  }
}

/** Has the disk keep which names the folder holds. */
export async function syncFolder(path: string): Promise<void> {
  await onDisk(path, async () => {
    const folder = await open(path, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  });
}

/**
 * Removes the folders that are empty, from the last up to the first, which stays, and stops at one that is still
 * needed. Nothing is awaited between asking and removing, or a draft could begin in between. One that stays does no harm.
 */
export function removeEmptyFolders(
  root: string,
  names: readonly string[],
  isNeeded: (folder: string) => boolean,
): void {
  for (let depth = names.length; depth > 1; depth--) {
    const folder = join(root, ...names.slice(0, depth));
    if (isNeeded(folder)) return;
    try {
      rmdirSync(folder);
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') return;
    }
  }
}

async function makeFolder(folder: string, parent: string): Promise<void> {
  try {
    await onDisk(parent, () => mkdir(folder, 0o700));
  } catch (error) {
    if (!(error instanceof StorageError && error.code === 'in_the_way')) throw error;
    await requireFolder(folder);
  }
}

async function requireFolder(path: string): Promise<void> {
  const found = await onDisk(path, () => lstat(path));
  if (found.isDirectory()) return;
  throw new StorageError(
    'in_the_way',
    `${path} is ${found.isSymbolicLink() ? 'a link, which is not followed' : 'not a folder'}: put a folder in its place (a disk can be mounted on it)`,
  );
}
