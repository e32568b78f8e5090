import { buffersInTurn } from './buffers-in-turn.js';

/** A part of what comes in pieces. */
export interface Part {
  /** They are overwritten by a later part. */
  bytes: Buffer;
  isLast: boolean;
}

/**
 * Joins pieces to parts of exactly this size, but for the last, which may be empty only when it is the first. They are
 * put together in the same few buffers in turn: a new one each would be garbage that V8 keeps until there are several.
 *
 * @param buffers how many; so many parts are there at a time, and the oldest is overwritten when another is asked for
 */
export async function* inParts(
  pieces: AsyncIterable<Buffer>,
  partBytes: number,
  buffers = 1,
): AsyncGenerator<Part, void, void> {
  const nextBuffer = buffersInTurn(buffers, partBytes);
  let buffer = nextBuffer();
  let filled = 0;
  for await (const piece of pieces) {
    for (let rest = piece; rest.length > 0;) {
      // A full part waits until there is more, for it may be the last.
      if (filled === partBytes) {
        yield { bytes: buffer, isLast: false };
        buffer = nextBuffer();
        filled = 0;
      }
      const copied = rest.copy(buffer, filled);
      filled += copied;
      rest = rest.subarray(copied);
    }
  }
  yield { bytes: buffer.subarray(0, filled), isLast: true };
}
