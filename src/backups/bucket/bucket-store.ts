import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3Client,
  type GetObjectCommandOutput,
  type S3ClientConfig,
} from '@aws-sdk/client-s3';
import { Readable } from 'node:stream';
import { locationOf, type Bucket } from '../../domain/bucket.js';
import { nextWithin } from '../pieces/next-within.js';
import { isNoObject, toBucketError } from './s3-error.js';
import { uploadPieces } from './upload-pieces.js';

export interface BucketTimeouts {
  connectMs: number;
  /** How long nothing may happen on a connection. */
  idleMs: number;
}

/** The objects of one bucket, by their keys below its prefix. Failures are `StorageError`s. */
export class BucketStore {
  /** Where it is, for people. */
  readonly location: string;
  private readonly client: S3Client;
  /** Without a limit of its own: who reads an object may take their time, and a connection is idle meanwhile. */
  private readonly reader: S3Client;

  constructor(
    private readonly bucket: Bucket,
    private readonly timeouts: BucketTimeouts = { connectMs: 10_000, idleMs: 60_000 },
  ) {
    this.location = locationOf(bucket);
    const { connectMs: connectionTimeout, idleMs } = timeouts;
    this.client = connect(bucket, { connectionTimeout, socketTimeout: idleMs });
    const untilAnswered = { requestTimeout: idleMs, throwOnRequestTimeout: true };
    this.reader = connect(bucket, { connectionTimeout, socketTimeout: 0, ...untilAnswered });
  }

  /** Uploads an object of about this size, in parts, or fails and leaves none of them. */
  async upload(
    key: string,
    pieces: AsyncIterable<Buffer>,
    { sizeBytes, signal }: { sizeBytes: number; signal: AbortSignal },
  ): Promise<void> {
    const target = { client: this.client, bucket: this.bucket.name, key: this.fullKey(key) };
    await this.telling(() => uploadPieces(target, pieces, { sizeBytes, signal }));
  }

  async putText(key: string, text: string, signal: AbortSignal): Promise<void> {
    const request = { ...this.named(key), Body: text, ContentType: 'application/json' };
    await this.telling(() => this.client.send(new PutObjectCommand(request), { abortSignal: signal }));
  }

  /** The text of an object, or `null` when there is none. Throws when it is longer than that. */
  async getText(key: string, maxBytes: number, signal: AbortSignal): Promise<string | null> {
    const pieces: Buffer[] = [];
    let left = maxBytes;
    const chunks = await this.find(key, signal);
    if (chunks === null) return null;
    for await (const piece of chunks) {
      left -= piece.length;
      if (left < 0) throw new Error(`${this.location}/${key} has more than ${maxBytes} bytes`);
      pieces.push(piece);
    }
    return Buffer.concat(pieces).toString('utf8');
  }

  /** The size of an object in bytes, or `null` when there is none. */
  async sizeOf(key: string, signal: AbortSignal): Promise<number | null> {
    const head = await this.unlessMissing('HEAD', () =>
      this.client.send(new HeadObjectCommand(this.named(key)), { abortSignal: signal }),
    );
    return head?.ContentLength ?? null;
  }

  /** The content of an object, as fast as it is read, or `null` when there is none. */
  async find(key: string, signal: AbortSignal): Promise<AsyncIterable<Buffer> | null> {
    const found = await this.unlessMissing('GET', () =>
      this.reader.send(new GetObjectCommand(this.named(key)), { abortSignal: signal }),
    );
    return found && this.read(found);
  }

  /** Removes an object. One that is not there is fine. */
  async remove(key: string, signal: AbortSignal): Promise<void> {
    await this.unlessMissing('DELETE', () =>
      this.client.send(new DeleteObjectCommand(this.named(key)), { abortSignal: signal }),
    );
  }

  close(): void {
    this.client.destroy();
    this.reader.destroy();
  }

  private async *read({ Body }: GetObjectCommandOutput): AsyncGenerator<Buffer, void, void> {
    if (!(Body instanceof Readable)) throw new Error('an object without a body');
    const pieces = Body.iterator() as AsyncIterator<Buffer, void>;
    try {
      for (;;) {
        const next = await this.telling(() => nextWithin(pieces, this.timeouts.idleMs));
        if (next.done === true) return;
        yield next.value;
      }
    } finally {
      Body.destroy();
    }
  }

  private named(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.bucket.name, Key: this.fullKey(key) };
  }

  private fullKey(key: string): string {
    return this.bucket.prefix === '' ? key : `${this.bucket.prefix}/${key}`;
  }

  private async unlessMissing<T>(
    method: 'GET' | 'HEAD' | 'DELETE',
    work: () => Promise<T>,
  ): Promise<T | null> {
    return this.telling(async () => {
      try {
        return await work();
      } catch (error) {
        if (isNoObject(error, method)) return null;
        throw error;
      }
    });
  }

  private async telling<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw toBucketError(error, this.location);
    }
  }
}

type NodeHttpHandlerOptions = Pick<
  Extract<S3ClientConfig['requestHandler'], { socketTimeout?: unknown }>,
  'connectionTimeout' | 'socketTimeout' | 'requestTimeout' | 'throwOnRequestTimeout'
>;

function connect(bucket: Bucket, requestHandler: NodeHttpHandlerOptions): S3Client {
  return new S3Client({
    // All is given, so that nobody asks the environment, a file or the network for something else.
    region: bucket.region,
    ...(bucket.endpoint !== null && { endpoint: bucket.endpoint }),
    ignoreConfiguredEndpointUrls: true,
    useFipsEndpoint: false,
    useDualstackEndpoint: false,
    forcePathStyle: bucket.pathStyle,
    credentials: { accessKeyId: bucket.accessKeyId, secretAccessKey: bucket.secretAccessKey },
    // A checksum that trails the body breaks on services that are not Amazon's. The signature has the SHA-256.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    followRegionRedirects: false,
    maxAttempts: 3,
    requestHandler,
  });
}
