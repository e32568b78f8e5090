/** Gives the same few buffers again and again: each stays as it is until so many more were asked for. */
export function buffersInTurn(count: number, bytes: number): () => Buffer {
  const buffers = Array.from({ length: count }, () => Buffer.allocUnsafeSlow(bytes));
  let turn = 0;
  return () => buffers[turn++ % count] as Buffer;
}
