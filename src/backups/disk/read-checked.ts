import { buffersInTurn } from '../pieces/buffers-in-turn.js';
import { checkPieces } from '../pieces/check-pieces.js';
import { changedSince } from '../encryption.js';
import { openFile } from './files.js';
import type { Written } from '../pieces/measure.js';
import { PIECE_BYTES, readPieces } from './pieces-of-file.js';
import { onDisk } from '../storage-error.js';

/**
 * The content of a file that must have this size and SHA-256. The size is looked at before anything is given out,
 * the sum at the end; the last piece is held back until it is right.
 */
export async function* readChecked(
  path: string,
  expected: Written,
  nextBuffer?: () => Buffer,
): AsyncGenerator<Buffer, void, void> {
  const file = await openFile(path);
  const changed = (difference: string) => changedSince(path, difference);
  try {
    const { size } = await onDisk(path, () => file.stat());
    if (size !== expected.sizeBytes) throw changed(`it has ${size} bytes instead of ${expected.sizeBytes}`);
    yield* checkPieces(readPieces(file, path, nextBuffer), expected, changed);
  } finally {
    await onDisk(path, () => file.close());
  }
}

/** Reads a file to its end. Throws unless it has this size and SHA-256. */
export async function checkFile(path: string, expected: Written): Promise<void> {
  // Nobody looks at the pieces later: two in turn will do.
  const chunks = readChecked(path, expected, buffersInTurn(2, PIECE_BYTES));
  while (!(await chunks.next()).done);
}
