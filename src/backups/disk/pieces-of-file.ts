import type { FileHandle } from 'node:fs/promises';
import { ahead } from '../pieces/ahead.js';
import { inParts } from '../pieces/in-parts.js';
import { requireRoom } from './require-room.js';
import { onDisk } from '../storage-error.js';

/** As large as is of use: each piece takes a call to read or to write it. */
export const PIECE_BYTES = 256 * 1024;

/** After how much the disk is asked again for its room, which others take too. */
const ASK_EVERY_BYTES = 16 * 1024 ** 2;

/**
 * What is in a file from where it stands.
 *
 * @param nextBuffer gives the memory for a piece, which has to stay as it is until the second after it is asked for
 */
export function readPieces(
  file: FileHandle,
  path: string,
  nextBuffer: () => Buffer = () => Buffer.allocUnsafeSlow(PIECE_BYTES),
): AsyncGenerator<Buffer, void, void> {
  async function* read(): AsyncGenerator<Buffer, void, void> {
    for (;;) {
      const buffer = nextBuffer();
      const { bytesRead } = await onDisk(path, () => file.read(buffer, 0, buffer.length, null));
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  }
  return ahead(read());
}

/**
 * Writes pieces of any size as fast as the disk takes them, and has it keep them. Leaves some of it for others. What
 * fails the pieces is passed on as it is.
 */
export async function writePieces(
  file: FileHandle,
  path: string,
  pieces: AsyncIterable<Buffer>,
): Promise<void> {
  // One is written while the other is filled.
  const parts = ahead(inParts(pieces, PIECE_BYTES, 2));
  let untilAsked = 0;
  for await (const { bytes } of parts) {
    if (untilAsked <= 0) untilAsked = Math.min(ASK_EVERY_BYTES, await requireRoom(path));
    await onDisk(path, () => file.writeFile(bytes));
    untilAsked -= bytes.length;
  }
  await onDisk(path, () => file.sync());
}
