import { constants, lstatSync, unlinkSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { errnoOf, onDisk, StorageError, toStorageError } from '../storage-error.js';

/** Makes a file that was not there, for its owner alone. */
export function createFile(path: string): Promise<FileHandle> {
  return onDisk(path, () => open(path, 'wx', 0o600));
}

/** Makes a file of this text, and has the disk keep it. */
export async function writeNewFile(path: string, text: string): Promise<void> {
  const file = await createFile(path);
  await onDisk(path, async () => {
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
  });
}

/** Opens a file, and nothing else: no link is followed, and no pipe is waited for. */
export async function openFile(path: string): Promise<FileHandle> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await onDisk(path, () => open(path, flags));
  try {
    if ((await onDisk(path, () => file.stat())).isFile()) return file;
    throw new StorageError('in_the_way', `${path} is not a file: look at it, and move it away`);
  } catch (error) {
    await file.close().catch(() => undefined);
    throw error;
  }
}

/** What has this name. A link is something else, whatever it leads to. */
export function whatIs(path: string): 'nothing' | 'file' | 'something else' {
  try {
    return lstatSync(path).isFile() ? 'file' : 'something else';
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return 'nothing';
    throw toStorageError(error, path);
  }
}

/** Removes a file, and returns whether there was one. Throws at what is no file, and leaves it. */
export function removeFile(path: string): boolean {
  const what = whatIs(path);
  if (what === 'nothing') return false;
  if (what === 'something else') {
    throw new StorageError('in_the_way', `${path} is not a file: look at it, and move it away`);
  }
  try {
    unlinkSync(path);
    return true;
  } catch (error) {
    throw toStorageError(error, path);
  }
}
