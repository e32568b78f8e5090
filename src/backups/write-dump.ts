import type { FileHandle } from 'node:fs/promises';
import { startSha256 } from '../secrets/digest.js';
import { onDisk, StorageError } from './storage-error.js';

/** What a file has to be when it is read again. */
export interface Written {
  sizeBytes: number;
  /** In hex. */
  sha256: string;
}

/** What every dump in pg_dump's custom format begins with. */
const MAGIC = Buffer.from('PGDMP');

/**
 * Writes a dump to an empty file, as fast as the disk takes it, and has the disk keep it. What fails the chunks
 * is passed on as it is.
 */
export async function writeDump(
  file: FileHandle,
  path: string,
  chunks: AsyncIterable<Buffer>,
): Promise<Written> {
  const sha256 = startSha256();
  let head = Buffer.alloc(0);
  let sizeBytes = 0;
  for await (const chunk of chunks) {
    if (head.length < MAGIC.length) {
      head = Buffer.concat([head, chunk.subarray(0, MAGIC.length - head.length)]);
      // At once: what is no dump need not fill the disk first.
      if (!MAGIC.subarray(0, head.length).equals(head)) throw notADump('it does not begin as one');
    }
    sha256.update(chunk);
    sizeBytes += chunk.length;
    await onDisk(path, () => file.writeFile(chunk));
  }
  if (sizeBytes === 0) throw notADump('it is empty');
  if (head.length < MAGIC.length) throw notADump('it ends before it began');
  await onDisk(path, () => file.sync());
  return { sizeBytes, sha256: sha256.hex() };
}

function notADump(reason: string): StorageError {
  return new StorageError(
    'not_a_dump',
    `what pg_dump wrote is no dump (${reason}): see what it said, and try again`,
  );
}
