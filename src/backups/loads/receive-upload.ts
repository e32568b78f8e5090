import { dumpFormatOf, HEAD_BYTES } from './dump-format.js';
import type { Incoming } from './incoming.js';
import type { Written } from '../pieces/measure.js';

/** A dump that was uploaded and is safe. */
export interface ReceivedUpload extends Written {
  id: string;
  /** To be called once it is decided whether there is an operation of this id, which then has the file. */
  release(): void;
}

/** Keeps a dump that comes in pieces, unless its first bytes tell that it cannot be imported: then no more is read. */
export async function receiveUpload(
  incoming: Incoming,
  { id, major }: { id: string; major: number },
  chunks: AsyncIterable<Buffer>,
): Promise<ReceivedUpload | { refused: string }> {
  const pieces = chunks[Symbol.asyncIterator]();
  const { head, isAll } = await readHead(pieces);
  const format = dumpFormatOf(head, major);
  if (!format.usable) return { refused: format.reason };
  const written = await incoming.receive(id, prepend(head, isAll ? null : pieces));
  return { id, ...written, release: () => incoming.release(id) };
}

/** Enough to tell the format, and whatever came with it. */
async function readHead(pieces: AsyncIterator<Buffer>): Promise<{ head: Buffer; isAll: boolean }> {
  const read: Buffer[] = [];
  for (let length = 0; length < HEAD_BYTES;) {
    const piece = await pieces.next();
    if (piece.done) return { head: Buffer.concat(read), isAll: true };
    read.push(piece.value);
    length += piece.value.length;
  }
  return { head: Buffer.concat(read), isAll: false };
}

async function* prepend(head: Buffer, rest: AsyncIterator<Buffer> | null): AsyncGenerator<Buffer> {
  yield head;
  for (let piece = await rest?.next(); piece && !piece.done; piece = await rest?.next()) yield piece.value;
}
