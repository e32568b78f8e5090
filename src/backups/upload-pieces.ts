import { AbortMultipartUploadCommand, type S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { Readable } from 'node:stream';

const MIB = 1024 ** 2;

/** Each is in memory three times: as it comes, put together, and as the client sends it. */
const PARTS_AT_ONCE = 1;
/** S3 takes none that are smaller, but for the last. */
const MIN_PART_BYTES = 5 * MIB;
/** S3 takes 10,000: this leaves room for what encryption adds. */
const MAX_PARTS = 9000;

export interface Target {
  client: S3Client;
  bucket: string;
  key: string;
}

/** Large enough for an object of this size to fit into the parts that one may have. */
export function partBytesFor(sizeBytes: number): number {
  return Math.max(MIN_PART_BYTES, Math.ceil(sizeBytes / MAX_PARTS / MIB) * MIB);
}

/**
 * Uploads pieces as one object. It comes to be when the last of them has been taken, and not before; whatever fails
 * until then, the pieces' own failure too, takes back the parts that were sent. What fails the pieces is passed on as
 * it is.
 */
export async function uploadPieces(
  { client, bucket, key }: Target,
  pieces: AsyncIterable<Buffer>,
  { sizeBytes, signal }: { sizeBytes: number; signal: AbortSignal },
): Promise<void> {
  const failures: unknown[] = [];
  const body = Readable.from(noting(pieces, signal, failures), { objectMode: false, highWaterMark: MIB });
  const upload = new Upload({
    client: withSignal(client, signal),
    params: { Bucket: bucket, Key: key, Body: body, ContentType: 'application/octet-stream' },
    queueSize: PARTS_AT_ONCE,
    partSize: partBytesFor(sizeBytes),
  });
  try {
    await upload.done();
  } catch (error) {
    // What fails while parts are taken back hides what failed first.
    throw failures.length > 0 ? failures[0] : error;
  } finally {
    body.destroy();
  }
}

/** Notes what fails the source, and not what is thrown at it when it is read no further. */
async function* noting(
  source: AsyncIterable<Buffer>,
  signal: AbortSignal,
  failures: unknown[],
): AsyncGenerator<Buffer, void, void> {
  const pieces = source[Symbol.asyncIterator]() as AsyncIterator<Buffer, void>;
  try {
    for (;;) {
      const next = await noted(async () => {
        signal.throwIfAborted();
        return pieces.next();
      }, failures);
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    await pieces.return?.();
  }
}

async function noted<T>(work: () => Promise<T>, failures: unknown[]): Promise<T> {
  try {
    return await work();
  } catch (error) {
    failures.push(error);
    throw error;
  }
}

/**
 * The client, with a signal for every request but the one that takes back the parts. `Upload` has an abort of its own,
 * which neither ends the requests that run nor waits for that one.
 */
function withSignal(client: S3Client, signal: AbortSignal): S3Client {
  const send = (command: Parameters<S3Client['send']>[0]) =>
    command instanceof AbortMultipartUploadCommand
      ? client.send(command)
      : client.send(command, { abortSignal: signal });
  return Object.create(client, { send: { value: send } }) as S3Client;
}
