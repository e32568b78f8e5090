import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
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
