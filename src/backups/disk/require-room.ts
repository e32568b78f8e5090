import { statfs } from 'node:fs/promises';
import { RESERVE, roomToWrite } from '../../domain/disk-reserve.js';
import { onDisk, StorageError } from '../storage-error.js';

/** Rejects when the disk that a file lies on has no more room than others need. Returns how much more it has, in bytes. */
export async function requireRoom(path: string): Promise<number> {
  const { bsize, blocks, bavail } = await onDisk(path, () => statfs(path));
  const room = roomToWrite({ totalBytes: blocks * bsize, availableBytes: bavail * bsize });
  if (room > 0) return room;
  throw new StorageError(
    'no_space',
    `no space is left for ${path} but what its disk has to keep for others (${RESERVE}): free some, or give backups a larger one`,
  );
}
