import type { FileHandle } from 'node:fs/promises';
import { inBlocks } from './in-blocks.js';
import { seal, type Encryption } from './encryption.js';
import type { StoredFile } from './manifest.js';
import { measure, type Written } from './measure.js';
import { onDisk, StorageError } from './storage-error.js';

/** What a dump is, and the file it was written to, which is another where it is encrypted. */
export interface WrittenDump extends Written {
  file: StoredFile;
}

/** Docker's frames have a few kilobytes, each of which would take a call to hash and to write it. */
const BLOCK_BYTES = 64 * 1024;
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
  encryption: Encryption,
): Promise<WrittenDump> {
  const dump = measure(asDump(inBlocks(chunks, BLOCK_BYTES)));
  const sealed = seal(dump, encryption);
  for await (const piece of sealed.pieces) await onDisk(path, () => file.writeFile(piece));
  await onDisk(path, () => file.sync());
  return { ...dump.written(), file: sealed.file() };
}

/** Passes on what is a dump. Fails at once: what is none need not fill the disk first. */
async function* asDump(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, void> {
  let head = Buffer.alloc(0);
  for await (const chunk of chunks) {
    if (head.length < MAGIC.length) {
      head = Buffer.concat([head, chunk.subarray(0, MAGIC.length - head.length)]);
      if (!MAGIC.subarray(0, head.length).equals(head)) throw notADump('it does not begin as one');
    }
    yield chunk;
  }
  if (head.length === 0) throw notADump('it is empty');
  if (head.length < MAGIC.length) throw notADump('it ends before it began');
}

function notADump(reason: string): StorageError {
  return new StorageError(
    'not_a_dump',
    `what pg_dump wrote is no dump (${reason}): see what it said, and try again`,
  );
}
