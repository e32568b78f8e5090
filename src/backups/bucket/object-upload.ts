import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  UploadPartCommand,
  type CompletedPart,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { Part } from '../pieces/in-parts.js';
import { StorageError } from '../storage-error.js';

const CONTENT = { ContentType: 'application/octet-stream' };

/** Where an object is to be. */
export interface Target {
  client: S3Client;
  bucket: string;
  key: string;
}

/** One object on its way: all at once where it is one part, or as an upload of several. */
export class ObjectUpload {
  private readonly named: { Bucket: string; Key: string };
  private readonly client: S3Client;
  private readonly taken: CompletedPart[] = [];
  private uploadId: string | null = null;

  constructor(
    { client, bucket, key }: Target,
    private readonly signal: AbortSignal,
  ) {
    this.client = client;
    this.named = { Bucket: bucket, Key: key };
  }

  /** Sends the next part. With the last, the object is there. */
  async send({ bytes, isLast }: Part): Promise<void> {
    if (isLast && this.uploadId === null) return this.sendWhole(bytes);
    this.uploadId ??= await this.begin();
    await this.sendPart(this.uploadId, bytes);
    if (isLast) await this.complete(this.uploadId);
  }

  /**
   * Takes back what was sent, also when nobody wants the upload any more. That it fails is not told: why the upload
   * did is, and what is left are parts, which a rule of the bucket ends.
   */
  async takeBack(): Promise<void> {
    if (this.uploadId === null) return;
    const command = new AbortMultipartUploadCommand({ ...this.named, UploadId: this.uploadId });
    await this.client.send(command).catch(() => undefined);
  }

  private async sendWhole(bytes: Buffer): Promise<void> {
    const command = new PutObjectCommand({ ...this.named, ...CONTENT, Body: bytes });
    await this.client.send(command, { abortSignal: this.signal });
  }

  private async begin(): Promise<string> {
    const command = new CreateMultipartUploadCommand({ ...this.named, ...CONTENT });
    const { UploadId } = await this.client.send(command, { abortSignal: this.signal });
    return UploadId ?? this.missing('UploadId');
  }

  private async sendPart(uploadId: string, bytes: Buffer): Promise<void> {
    const place = { UploadId: uploadId, PartNumber: this.taken.length + 1 };
    const command = new UploadPartCommand({ ...this.named, ...place, Body: bytes });
    const { ETag } = await this.client.send(command, { abortSignal: this.signal });
    this.taken.push({ PartNumber: place.PartNumber, ETag: ETag ?? this.missing('ETag') });
  }

  private async complete(uploadId: string): Promise<void> {
    const parts = { UploadId: uploadId, MultipartUpload: { Parts: this.taken } };
    const command = new CompleteMultipartUploadCommand({ ...this.named, ...parts });
    await this.client.send(command, { abortSignal: this.signal });
  }

  private missing(what: string): never {
    const { Bucket, Key } = this.named;
    throw new StorageError(
      'bucket_unavailable',
      `the service answered the upload of ${Bucket}/${Key} without its ${what}: see whether it is S3-compatible`,
    );
  }
}
