import { BucketStore } from '../../src/backups/bucket/bucket-store.js';
import { CopyStore } from '../../src/backups/bucket/copy-store.js';
import { DiskStore } from '../../src/backups/disk/disk-store.js';
import type { Bucket } from '../../src/domain/bucket.js';
import { letHeapGrow } from '../../src/heap-growth.js';
import { growthOf } from './growth-of.js';
import { keyNumber } from './sample-backup.js';
import { encrypting } from './sample-keys.js';

// A process of its own for memory.test.ts: copies backup number 2 of a folder into the bucket it is given, encrypted,
// reads it back, and says by how many bytes its memory grew at most in each.
const [folder = '', bucket = ''] = process.argv.slice(2);
// As the daemon does.
letHeapGrow();
const disk = new DiskStore(folder);
const copies = new CopyStore(new BucketStore(JSON.parse(bucket) as Bucket), await encrypting());
const { signal } = new AbortController();

async function put(number: number): Promise<void> {
  const key = keyNumber(number);
  await copies.put(key, await disk.openFile(key), signal);
}

async function read(number: number): Promise<void> {
  const { manifest, chunks } = await copies.open(keyNumber(number), signal);
  let found = 0;
  for await (const chunk of chunks) found += chunk.length;
  if (found !== manifest.sizeBytes) throw new Error(`read ${found} bytes instead of ${manifest.sizeBytes}`);
}

// What is loaded and compiled the first time is not what is measured: number 1 is small.
await put(1);
await read(1);
const uploaded = await growthOf(() => put(2));
const downloaded = await growthOf(() => read(2));
process.stdout.write(JSON.stringify({ uploaded, downloaded }));
copies.close();
