import { inParts } from '../pieces/in-parts.js';
import { ObjectUpload, type Target } from './object-upload.js';

const MIB = 1024 ** 2;

/** S3 takes none that are smaller, but for the last. */
const MIN_PART_BYTES = 5 * MIB;
/** S3 takes 10,000: this leaves room for what encryption adds. */
const MAX_PARTS = 9000;

/** Large enough for an object of this size to fit into the parts that one may have. */
export function partBytesFor(sizeBytes: number): number {
  return Math.max(MIN_PART_BYTES, Math.ceil(sizeBytes / MAX_PARTS / MIB) * MIB);
}

/**
 * Uploads pieces as one object. It comes to be when the last of them has been taken, and not before; whatever fails
 * until then, the pieces' own failure too, takes back the parts that were sent. What fails the pieces is passed on as
 * it is.
 *
 * One part after the other is sent, from the one buffer that they share. A request that was given up may still be sent
 * from it while the next part is put there: it is signed with the SHA-256 of what it was, and not taken as another.
 */
export async function uploadPieces(
  target: Target,
  pieces: AsyncIterable<Buffer>,
  { sizeBytes, signal }: { sizeBytes: number; signal: AbortSignal },
): Promise<void> {
  const upload = new ObjectUpload(target, signal);
  try {
    for await (const part of inParts(untilAborted(pieces, signal), partBytesFor(sizeBytes))) {
      await upload.send(part);
    }
  } catch (error) {
    await upload.takeBack();
    throw error;
  }
}

async function* untilAborted(
  pieces: AsyncIterable<Buffer>,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, void> {
  signal.throwIfAborted();
  for await (const piece of pieces) {
    yield piece;
    signal.throwIfAborted();
  }
}
