import { PassThrough, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import type { LoadSource, OpenBytes } from '../../runtime/runtime.js';
import { dumpFormatOf, HEAD_BYTES } from './dump-format.js';
import type { Incoming } from './incoming.js';
import { StorageError } from '../storage-error.js';

/** What an upload is to be loaded as, told once more by its bytes. */
export async function readUpload(
  incoming: Incoming,
  { id, major, signal }: { id: string; major: number; signal: AbortSignal },
): Promise<LoadSource> {
  const format = dumpFormatOf(await headOf(incoming.read(id)), major);
  if (!format.usable) throw new StorageError('not_a_dump', `The upload cannot be imported: ${format.reason}`);
  const open: OpenBytes = () => (format.gzipped ? gunzipped(incoming.read(id)) : incoming.read(id));
  const sizeBytes = format.gzipped ? await lengthOf(open(), signal) : await incoming.sizeOf(id);
  return { kind: format.kind, open, sizeBytes };
}

/** The first bytes of what comes, which is given up after them. */
export async function headOf(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  let head = Buffer.alloc(0);
  for await (const chunk of chunks) {
    head = Buffer.concat([head, chunk.subarray(0, HEAD_BYTES - head.length)]);
    if (head.length >= HEAD_BYTES) break;
  }
  return head;
}

/**
 * Unpacks as it is read, so that a gzip that unpacks to a thousand times its size takes no more memory than another.
 * Several in a row are one; one that ends early is an error.
 */
async function* gunzipped(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, void> {
  const plain = new PassThrough();
  const unpacking = pipeline(Readable.from(chunks), createGunzip(), plain);
  // It fails what is read from, and is told of there.
  unpacking.catch(() => undefined);
  try {
    for await (const chunk of plain) yield chunk as Buffer;
    await unpacking;
  } catch (error) {
    throw isOfZlib(error)
      ? new StorageError(
          'not_a_dump',
          'The gzip that was uploaded is damaged or ends early: check it with `gzip -t`, and send it again',
          { cause: error },
        )
      : error;
  } finally {
    plain.destroy();
  }
}

function isOfZlib(error: unknown): boolean {
  const code: unknown = typeof error === 'object' && error !== null && 'code' in error ? error.code : null;
  return typeof code === 'string' && code.startsWith('Z_');
}

/** How much it unpacks to is not told anywhere: gzip writes down what it is modulo 4 GiB. */
async function lengthOf(chunks: AsyncIterable<Buffer>, signal: AbortSignal): Promise<number> {
  let sizeBytes = 0;
  for await (const chunk of chunks) {
    signal.throwIfAborted();
    sizeBytes += chunk.length;
  }
  return sizeBytes;
}
