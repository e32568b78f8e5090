/** Joins pieces to blocks of at least this size, but for the last. */
export async function* inBlocks(
  pieces: AsyncIterable<Buffer>,
  bytes: number,
): AsyncGenerator<Buffer, void, void> {
  let held: Buffer[] = [];
  let length = 0;
  for await (const piece of pieces) {
    held.push(piece);
    length += piece.length;
    if (length < bytes) continue;
    yield joined(held);
    held = [];
    length = 0;
  }
  if (length > 0) yield joined(held);
}

function joined(pieces: Buffer[]): Buffer {
  const [first] = pieces;
  return first && pieces.length === 1 ? first : Buffer.concat(pieces);
}
