import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { extract, pack } from 'tar-stream';
import { withDeadline } from './deadline.js';

const READ_DEADLINE_MS = 30_000;

export interface FileToPut {
  name: string;
  content: string;
  mode: number;
  uid: number;
  gid: number;
}

/** A tar archive of these files. */
export async function tarOf(files: readonly FileToPut[]): Promise<Buffer> {
  const archive = pack();
  for (const { content, ...header } of files) archive.entry(header, content);
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** A tar archive of one file of this size, made as it is read. It fails with what the pieces fail with. */
export async function* tarOfPieces(
  header: { name: string; mode: number; size: number },
  pieces: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer, void> {
  const archive = pack();
  const entry = archive.entry(header, (error) => {
    if (!error) archive.finalize();
  });
  // What fails it destroys the archive too, and is told of by that.
  pipeline(pieces, entry).catch(() => undefined);
  for await (const chunk of archive) yield chunk as Buffer;
}

/** The content of the first file in the tar archive that `open` answers; `null` when there is none. */
export function readSingleFile(
  open: (signal: AbortSignal) => Promise<IncomingMessage>,
  signal: AbortSignal,
): Promise<string | null> {
  return withDeadline(READ_DEADLINE_MS, signal, async (inner) => {
    const response = await open(inner);
    const entries = response.pipe(extract());
    // `pipe` passes no error on: without this a cut response would end in the deadline only.
    response.once('error', (error) => entries.destroy(error));
    try {
      for await (const entry of entries) {
        if (entry.header.type === 'file') return await text(entry);
        entry.resume();
      }
      return null;
    } finally {
      response.resume();
    }
  });
}
