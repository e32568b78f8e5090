import { startSha256 } from '../../secrets/digest.js';
import type { Written } from './measure.js';
import type { StorageError } from '../storage-error.js';

/**
 * Passes pieces on that must have this size and SHA-256 together. The last is held back until they have, so that
 * whoever misses the error still gets nothing complete out of what was changed.
 */
export async function* checkPieces(
  pieces: AsyncIterable<Buffer>,
  expected: Written,
  changed: (difference: string) => StorageError,
): AsyncGenerator<Buffer, void, void> {
  const sha256 = startSha256();
  let sizeBytes = 0;
  let held: Buffer | null = null;
  for await (const piece of pieces) {
    if (held) yield held;
    held = piece;
    sizeBytes += piece.length;
    if (sizeBytes > expected.sizeBytes) {
      throw changed(`it has more than ${expected.sizeBytes} bytes`);
    }
    sha256.update(piece);
  }
  if (sizeBytes !== expected.sizeBytes) {
    throw changed(`it has ${sizeBytes} bytes instead of ${expected.sizeBytes}`);
  }
  const sum = sha256.hex();
  if (sum !== expected.sha256) throw changed(`its SHA-256 is ${sum} instead of ${expected.sha256}`);
  if (held) yield held;
}
