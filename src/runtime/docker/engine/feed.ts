import type { Writable } from 'node:stream';

/**
 * Writes pieces as fast as they are taken, and ends with the last. Resolves early when the other side has closed:
 * that is for its answer to explain. Rejects with what the pieces reject with.
 */
export async function feed(stream: Writable, pieces: AsyncIterable<Buffer>): Promise<void> {
  // A program that ends without reading all breaks the pipe, which is no failure of its own.
  stream.on('error', () => undefined);
  for await (const piece of pieces) {
    if (stream.destroyed) return;
    if (!stream.write(piece)) await room(stream);
  }
  if (!stream.destroyed) stream.end();
}

/** Resolves when there is room again, or nobody is left to make some. */
function room(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      stream.off('drain', done).off('close', done);
      resolve();
    };
    stream.on('drain', done).on('close', done);
    if (stream.destroyed) done();
  });
}
