import type { FileHandle } from 'node:fs/promises';
import { seal, type Encryption } from '../encryption.js';
import type { StoredFile } from '../manifest.js';
import { measure, type Written } from '../pieces/measure.js';
import { writePieces } from './pieces-of-file.js';
import { StorageError } from '../storage-error.js';

/** What a dump is, and the file it was written to, which is another where it is encrypted. */
export interface WrittenDump extends Written {
  file: StoredFile;
}

/** What every dump in pg_dump's custom format begins with. */
const MAGIC = Buffer.from('PGDMP');

/**
 * Writes a dump to an empty file, and has the disk keep it. What fails the chunks is passed on as it is.
 */
export async function writeDump(
  file: FileHandle,
  path: string,
  chunks: AsyncIterable<Buffer>,
  encryption: Encryption,
): Promise<WrittenDump> {
  const dump = measure(asDump(chunks));
  const sealed = seal(dump, encryption);
  await writePieces(file, path, sealed.pieces);
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
