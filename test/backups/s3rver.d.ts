/** What of it is used. It brings no types. */
declare module 's3rver' {
  import type { AddressInfo } from 'node:net';

  export default class S3rver {
    constructor(options: {
      address: string;
      port: number;
      directory: string;
      silent: boolean;
      vhostBuckets: boolean;
      configureBuckets: { name: string }[];
    });
    store: {
      getObject(bucket: string, key: string): Promise<{ content: AsyncIterable<Buffer> }>;
      putObject(object: {
        bucket: string;
        key: string;
        content: NodeJS.ReadableStream;
        metadata: Record<string, string>;
      }): Promise<unknown>;
      deleteObject(bucket: string, key: string): Promise<void>;
      listObjects(bucket: string, options: { maxKeys: number }): Promise<{ objects: { key: string }[] }>;
    };
    run(): Promise<AddressInfo>;
    close(): Promise<void>;
  }
}
