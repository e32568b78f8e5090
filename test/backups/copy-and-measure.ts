import { createHash } from 'node:crypto';
import { BucketStore } from '../../src/backups/bucket-store.js';
import { CopyStore } from '../../src/backups/copy-store.js';
import type { Bucket } from '../../src/domain/bucket.js';
import { growthOf } from './growth-of.js';
import { dumpOf } from './sample-backup.js';
import { encrypting } from './sample-keys.js';
import { KEY, manifestOf } from './sample-manifest.js';

// A process of its own for memory.test.ts: copies a backup of so many bytes into the bucket it is given, encrypted,
// reads it back, and says by how many bytes its memory grew at most in each.
const [bucket = '', size = '0'] = process.argv.slice(2);
const copies = new CopyStore(new BucketStore(JSON.parse(bucket) as Bucket), await encrypting());
const { signal } = new AbortController();
const CHUNK_BYTES = 64 * 1024;

async function put(bytes: number): Promise<void> {
  const sum = createHash('sha256');
  for await (const chunk of dumpOf(bytes, CHUNK_BYTES)) sum.update(chunk);
  const manifest = manifestOf(KEY, { sizeBytes: bytes, sha256: sum.digest('hex') });
  await copies.put(KEY, { manifest, chunks: dumpOf(bytes, CHUNK_BYTES) }, signal);
}

async function read(bytes: number): Promise<void> {
  let found = 0;
  for await (const chunk of (await copies.open(KEY, signal)).chunks) found += chunk.length;
  if (found !== bytes) throw new Error(`read ${found} bytes instead of ${bytes}`);
}

// What is loaded and compiled the first time is not what is measured.
await put(1024 * 1024);
await read(1024 * 1024);
const uploaded = await growthOf(() => put(Number(size)));
const downloaded = await growthOf(() => read(Number(size)));
process.stdout.write(JSON.stringify({ uploaded, downloaded }));
copies.close();
