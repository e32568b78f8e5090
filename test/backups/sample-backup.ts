import type { BackupKey } from '../../src/backups/backup-key.js';
import type { DiskStore } from '../../src/backups/disk/disk-store.js';
import type { Manifest } from '../../src/backups/manifest.js';
import { KEY, manifestOf } from './sample-manifest.js';

/** Where the sample's files are, and what they are called. */
export const FOLDER = 'databases/acme/web-shop/main-1d00000000000000';
export const STEM = '2030-01-31T12-34-56.789Z-2b00000000000000';

/** Another backup of the same database, later with every number. */
export function keyNumber(number: number): BackupKey {
  return {
    ...KEY,
    backupId: `3${String(number).padStart(15, '0')}`,
    createdAt: new Date(Date.UTC(2030, 1, 1, 0, number)).toISOString(),
  };
}

/** What begins as a dump and has this many bytes, in pieces of which the first is shorter than its head. */
export async function* dumpOf(sizeBytes: number, chunkBytes = 10_000): AsyncGenerator<Buffer> {
  await Promise.resolve();
  const bytes = Buffer.alloc(chunkBytes, 'paas');
  yield Buffer.from('PG');
  yield Buffer.from('DMP');
  for (let left = sizeBytes - 5; left > 0; left -= chunkBytes) {
    yield bytes.subarray(0, Math.min(left, chunkBytes));
  }
}

/** Keeps a backup from beginning to end. */
export async function keep(store: DiskStore, key: BackupKey = KEY, sizeBytes = 100_000): Promise<Manifest> {
  const draft = await store.begin(key);
  const manifest = manifestOf(key, await draft.write(dumpOf(sizeBytes)));
  await draft.commit(manifest);
  return manifest;
}

export async function contentOf(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}
