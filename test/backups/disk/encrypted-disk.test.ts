import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DiskStore } from '../../../src/backups/disk/disk-store.js';
import { BackupKeys } from '../../../src/secrets/backup-keys.js';
import { temporaryFolder } from '../../temporary-folder.js';
import { filesBelow } from '../files-below.js';
import { contentOf, dumpOf, FOLDER, keep, keyNumber, STEM } from '../sample-backup.js';
import { encrypting, newKeyFile, newKeys } from '../sample-keys.js';
import { KEY } from '../sample-manifest.js';

const DUMP = `${FOLDER}/${STEM}.dump.age`;
const MANIFEST = `${FOLDER}/${STEM}.json`;
const SIZE = 300_000;

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const read = async (store: DiskStore, key = KEY) => contentOf((await store.open(key)).chunks);

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder[Symbol.dispose]());

const fileAt = (name: string) => join(folder.path, name);

function flip(name: string, at: number): void {
  const bytes = readFileSync(fileAt(name));
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
  writeFileSync(fileAt(name), bytes);
}

describe('a store that encrypts', () => {
  it('keeps the dump encrypted under a name of its own, and gives it out as it was', async () => {
    const encryption = await encrypting();
    const store = new DiskStore(folder.path, encryption);
    const manifest = await keep(store, KEY, SIZE);
    expect(filesBelow(folder.path)).toEqual([DUMP, MANIFEST]);
    const stored = readFileSync(fileAt(DUMP));
    expect(stored.includes('PGDMP')).toBe(false);
    const plain = await contentOf(dumpOf(SIZE));
    expect(manifest).toMatchObject({
      sizeBytes: SIZE,
      sha256: sha256(plain),
      file: {
        sizeBytes: stored.length,
        sha256: sha256(stored),
        encryption: { format: 'age', recipient: encryption.keys.recipient },
      },
    });
    expect((await read(store)).equals(plain)).toBe(true);
    await store.verify(KEY, manifest.sha256, SIZE);
    await expect(store.verify(KEY, '0'.repeat(64), SIZE)).rejects.toMatchObject({ code: 'changed' });
    const { backups, problems } = await store.list();
    expect([backups, problems]).toEqual([[{ key: KEY, sha256: manifest.sha256, sizeBytes: SIZE }], []]);
  });

  it('keeps what age itself decrypts with the key file', async () => {
    const text = await newKeyFile();
    writeFileSync(fileAt('backup.key'), text);
    const store = new DiskStore(folder.path, { keys: await BackupKeys.parse(text), encrypts: true });
    await keep(store, KEY, SIZE);
    const plain = execFileSync('age', ['-d', '-i', fileAt('backup.key'), fileAt(DUMP)]);
    expect(plain.equals(await contentOf(dumpOf(SIZE)))).toBe(true);
  });

  it('still looks whether it is a dump', async () => {
    const store = new DiskStore(folder.path, await encrypting());
    const draft = await store.begin(KEY);
    async function* said() {
      await Promise.resolve();
      yield Buffer.from('OCI runtime exec failed');
    }
    await expect(draft.write(said())).rejects.toMatchObject({ code: 'not_a_dump' });
    expect(filesBelow(folder.path)).toEqual([]);
  });

  it('reads what was kept before it did, and what was kept with an earlier key', async () => {
    const [older, newer] = [await newKeyFile(), await newKeyFile()];
    await keep(new DiskStore(folder.path), KEY, SIZE);
    const before = new DiskStore(folder.path, { keys: await BackupKeys.parse(older), encrypts: true });
    await keep(before, keyNumber(1), SIZE);
    const keys = await BackupKeys.parse(newer + older);
    const store = new DiskStore(folder.path, { keys, encrypts: true });
    const { file } = await keep(store, keyNumber(2), SIZE);
    expect(file.encryption?.recipient).toBe(keys.recipient);
    for (const key of [KEY, keyNumber(1), keyNumber(2)]) expect(await read(store, key)).toHaveLength(SIZE);
  });

  it('removes both files, and lets no other backup of that name in', async () => {
    const store = new DiskStore(folder.path, await encrypting());
    await keep(store);
    await expect(new DiskStore(folder.path).begin(KEY)).rejects.toMatchObject({ code: 'in_the_way' });
    await store.remove(KEY);
    expect(filesBelow(folder.path)).toEqual([]);
  });

  it('sweeps what was cut short before the dump had its name, and nothing after it', async () => {
    const store = new DiskStore(folder.path, await encrypting());
    await keep(store);
    expect((await store.sweep()).removed).toEqual([]);
    renameSync(fileAt(DUMP), fileAt(`${FOLDER}/.${STEM}.dump.unfinished`));
    expect((await new DiskStore(folder.path).sweep()).removed).toHaveLength(2);
    expect(filesBelow(folder.path)).toEqual([]);
  });
});

describe('what is encrypted', () => {
  it.each([null, 'another'])('is not read with %s key, and says which it takes', async (which) => {
    const encryption = await encrypting();
    await keep(new DiskStore(folder.path, encryption));
    const keys = which === null ? null : await newKeys();
    const failure = read(new DiskStore(folder.path, { keys, encrypts: false }));
    await expect(failure).rejects.toMatchObject({
      code: 'no_key',
      retryable: false,
      message: expect.stringContaining(encryption.keys.recipient),
    });
  });

  it.each([10, 150, 1000, 200_000])('is refused when its byte %i was changed', async (at) => {
    const store = new DiskStore(folder.path, await encrypting());
    const { sha256: sum } = await keep(store, KEY, SIZE);
    flip(DUMP, at);
    await expect(read(store)).rejects.toMatchObject({ code: 'changed', message: /was changed/ });
    await expect(store.verify(KEY, sum, SIZE)).rejects.toMatchObject({ code: 'changed' });
  });

  it('is never given out whole when it is another dump, encrypted by somebody else with the public key', async () => {
    const encryption = await encrypting();
    const store = new DiskStore(folder.path, encryption);
    const manifest = await keep(store, KEY, SIZE);
    const other = await contentOf(dumpOf(SIZE));
    other.writeUInt8(1, SIZE - 1);
    async function* once() {
      await Promise.resolve();
      yield other;
    }
    const bad = await contentOf(encryption.keys.encrypt(once()));
    writeFileSync(fileAt(DUMP), bad);
    const lying = { ...manifest, file: { ...manifest.file, sha256: sha256(bad) } };
    writeFileSync(fileAt(MANIFEST), JSON.stringify({ ...lying, format: 'paasdb-backup', version: 1 }));
    let found = 0;
    const reading = async () => {
      for await (const piece of (await store.open(KEY)).chunks) found += piece.length;
    };
    await expect(reading()).rejects.toMatchObject({ code: 'changed' });
    expect(found).toBeLessThan(SIZE);
  });
});
