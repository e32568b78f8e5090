/** Where copies of backups go: a bucket of S3, or of anything that speaks its protocol. */
export interface Bucket {
  /** The URL of the service; `null` for Amazon's own in the region. */
  endpoint: string | null;
  name: string;
  region: string;
  /** What the keys of all objects begin with, without a slash at either end; may be empty. */
  prefix: string;
  accessKeyId: string;
  secretAccessKey: string;
  /** Whether the bucket is named in the path of a URL and not in its host. */
  pathStyle: boolean;
}

/** Says where the objects of a bucket are, for people and to tell one place from another. No secret is in it. */
export function locationOf({ endpoint, name, region, prefix }: Bucket): string {
  const service = endpoint ?? `https://s3.${region}.amazonaws.com`;
  return [service.replace(/\/+$/, ''), name, ...(prefix === '' ? [] : [prefix])].join('/');
}

/** A bucket as it is configured: its secret may be in a file. */
export type BucketConfig = Omit<Bucket, 'secretAccessKey'> & {
  secretAccessKey: string | { file: string };
};

/** Just where a service is: a path, a query or a password in it would be lost, or end in a log. */
export function parseEndpoint(value: string): string | null {
  if (value === '') return '';
  if (!URL.canParse(value)) return null;
  const { protocol, host, origin, href } = new URL(value);
  const isService = (protocol === 'https:' || protocol === 'http:') && host !== '' && href === `${origin}/`;
  return isService ? origin : null;
}
