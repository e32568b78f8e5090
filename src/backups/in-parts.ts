/** A part of what comes in pieces. */
export interface Part {
  /** They are overwritten when the next part is asked for. */
  bytes: Buffer;
  isLast: boolean;
}

/**
 * Joins pieces to parts of exactly this size, but for the last, which may be empty only when it is the first. All of
 * them are put together in one buffer: a new one each would be garbage that V8 keeps until there are several.
 */
export async function* inParts(
  pieces: AsyncIterable<Buffer>,
  partBytes: number,
): AsyncGenerator<Part, void, void> {
  const buffer = Buffer.allocUnsafeSlow(partBytes);
  let filled = 0;
  for await (const piece of pieces) {
    for (let rest = piece; rest.length > 0;) {
      // A full part waits until there is more, for it may be the last.
      if (filled === partBytes) {
        yield { bytes: buffer, isLast: false };
        filled = 0;
      }
      const copied = rest.copy(buffer, filled);
      filled += copied;
      rest = rest.subarray(copied);
    }
  }
  yield { bytes: buffer.subarray(0, filled), isLast: true };
}
