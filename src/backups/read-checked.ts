import { startSha256 } from '../secrets/digest.js';
import { openFile } from './files.js';
import type { Written } from './write-dump.js';
import { onDisk, StorageError } from './storage-error.js';

const CHUNK_BYTES = 256 * 1024;

/**
 * The content of a file that must have this size and SHA-256. The size is looked at before anything is given out,
 * the sum at the end; the last piece is held back until it is right, so that whoever misses the error still gets
 * no complete dump out of a file that was changed.
 */
export async function* readChecked(
  path: string,
  expected: Written,
  nextBuffer = () => Buffer.allocUnsafeSlow(CHUNK_BYTES),
): AsyncGenerator<Buffer, void, void> {
  const file = await openFile(path);
  try {
    const { size } = await onDisk(path, () => file.stat());
    if (size !== expected.sizeBytes) {
      throw changed(path, `it has ${size} bytes instead of ${expected.sizeBytes}`);
    }
    const sha256 = startSha256();
    let held: Buffer | null = null;
    for (;;) {
      const buffer = nextBuffer();
      const { bytesRead } = await onDisk(path, () => file.read(buffer, 0, buffer.length, null));
      if (bytesRead === 0) break;
      if (held) yield held;
      held = buffer.subarray(0, bytesRead);
      sha256.update(held);
    }
    const sum = sha256.hex();
    if (sum !== expected.sha256) throw changed(path, `its SHA-256 is ${sum} instead of ${expected.sha256}`);
    if (held) yield held;
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

function changed(path: string, difference: string): StorageError {
  return new StorageError(
    'changed',
    `${path} was changed since it was written (${difference}): use another backup, and check the disk of this one`,
  );
}
