import { DiskStore } from '../../src/backups/disk/disk-store.js';
import { letHeapGrow } from '../../src/heap-growth.js';
import { growthOf } from './growth-of.js';
import { dumpOf } from './sample-backup.js';
import { KEY, manifestOf } from './sample-manifest.js';

// A process of its own for memory.test.ts: keeps a backup of so many bytes in the folder it is given, reads it back,
// and says by how many bytes its memory grew at most in each.
const [root = '', size = '0'] = process.argv.slice(2);
// As the daemon does.
letHeapGrow();
const store = new DiskStore(root);

async function keepAndVerify(bytes: number): Promise<void> {
  const draft = await store.begin(KEY);
  const written = await draft.write(dumpOf(bytes, 64 * 1024));
  await draft.commit(manifestOf(KEY, written));
  await store.verify(KEY, written.sha256, written.sizeBytes);
}

async function read(bytes: number): Promise<void> {
  let found = 0;
  for await (const chunk of (await store.open(KEY)).chunks) found += chunk.length;
  if (found !== bytes) throw new Error(`read ${found} bytes instead of ${bytes}`);
  await store.remove(KEY);
}

// What is loaded and compiled the first time is not what is measured.
await keepAndVerify(1024 * 1024);
await read(1024 * 1024);
const kept = await growthOf(() => keepAndVerify(Number(size)));
const opened = await growthOf(() => read(Number(size)));
process.stdout.write(JSON.stringify({ kept, opened }));
