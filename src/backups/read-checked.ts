import { checkPieces } from './check-pieces.js';
import { changedSince } from './encryption.js';
import { openFile } from './files.js';
import type { Written } from './measure.js';
import { onDisk } from './storage-error.js';

const CHUNK_BYTES = 256 * 1024;

/**
 * The content of a file that must have this size and SHA-256. The size is looked at before anything is given out,
 * the sum at the end; the last piece is held back until it is right.
 */
export async function* readChecked(
  path: string,
  expected: Written,
  nextBuffer = () => Buffer.allocUnsafeSlow(CHUNK_BYTES),
): AsyncGenerator<Buffer, void, void> {
  const file = await openFile(path);
  const changed = (difference: string) => changedSince(path, difference);
  async function* read(): AsyncGenerator<Buffer, void, void> {
    for (;;) {
      const buffer = nextBuffer();
      const { bytesRead } = await onDisk(path, () => file.read(buffer, 0, buffer.length, null));
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  }
  try {
    const { size } = await onDisk(path, () => file.stat());
    if (size !== expected.sizeBytes) throw changed(`it has ${size} bytes instead of ${expected.sizeBytes}`);
    yield* checkPieces(read(), expected, changed);
  } finally {
    await onDisk(path, () => file.close());
  }
}

/** Reads a file to its end. Throws unless it has this size and SHA-256. */
export async function checkFile(path: string, expected: Written): Promise<void> {
  const buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  const chunks = readChecked(path, expected, () => buffer);
  while (!(await chunks.next()).done);
}
