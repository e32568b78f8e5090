import { execFileSync } from 'node:child_process';
import { readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { NOT_ENCRYPTED, type Encryption } from '../../../src/backups/encryption.js';
import { BackupKeys } from '../../../src/secrets/backup-keys.js';
import { removeBackup } from '../../../src/store/backups.js';
import { copyingDaemon, type CopyingDaemon } from '../copied-backup.js';
import { contentOf } from '../sample-backup.js';
import { newKeyFile } from '../sample-keys.js';
import { startS3, type S3Server } from '../s3-server.js';

const { signal } = new AbortController();
const HOUR_MS = 3_600_000;
const DENIED = { status: 403, body: '<Error><Code>AccessDenied</Code></Error>' };

let s3: S3Server;
let keyFile: string;
let encryption: Encryption;
let daemon: CopyingDaemon;
beforeEach(async () => {
  s3 = await startS3();
  keyFile = await newKeyFile();
  encryption = { keys: await BackupKeys.parse(keyFile), encrypts: true };
  daemon = copyingDaemon(s3.bucket, encryption);
});
afterEach(async () => {
  daemon[Symbol.dispose]();
  await s3[Symbol.asyncDispose]();
});

const archive = () => Buffer.concat(daemon.runtime.archive);

/** The local files of all backups. */
const localFiles = (): string[] =>
  readdirSync(join(daemon.folder, 'backups'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));

const localDump = () => localFiles().find((name) => name.endsWith('.dump')) ?? '';

async function backedUp(): Promise<string> {
  const id = daemon.ask();
  await daemon.work();
  return id;
}

/** Lets the pause before the next attempt pass. */
async function later(): Promise<void> {
  daemon.clock.advance(HOUR_MS);
  await daemon.work();
}

describe('a backup that succeeded', () => {
  it('is copied, encrypted, with its manifest beside it, by the names it has on the disk', async () => {
    const id = await backedUp();
    const { org, app, name, id: databaseId } = daemon.database;
    const folder = `databases/${org}/${app}/${name}-${databaseId}`;
    const keys = await s3.keys();
    expect(keys).toEqual([expect.stringMatching(/\.dump\.age$/), expect.stringMatching(/\.json$/)]);
    for (const key of keys) expect(key.startsWith(`${folder}/`) && key.includes(id)).toBe(true);
    expect(daemon.backup(id).copy).toEqual({
      status: 'succeeded',
      errorMessage: null,
      finishedAt: daemon.store.now(),
    });
    expect(await daemon.copies.find(daemon.keyOf(id), signal)).toMatchObject({
      backupId: id,
      sizeBytes: archive().length,
      sha256: daemon.backup(id).sha256,
      file: { encryption: { recipient: encryption.keys?.recipient } },
    });
    // The file on the disk stays as it was.
    expect((await contentOf((await daemon.disk.open(daemon.keyOf(id))).chunks)).equals(archive())).toBe(true);
    expect(localDump()).not.toBe('');
  });

  it('is one that age itself decrypts with the key file', async () => {
    await backedUp();
    const [key = ''] = await s3.keys();
    writeFileSync(join(daemon.folder, 'backup.key'), keyFile);
    const object = await s3.read(key);
    const plain = execFileSync('age', ['-d', '-i', join(daemon.folder, 'backup.key')], { input: object });
    expect(plain.equals(archive())).toBe(true);
  });

  it('is not copied where there is no bucket, and is when there is one', async () => {
    daemon.use(null);
    const id = await backedUp();
    expect(daemon.backup(id).copy).toBeNull();
    daemon.use(s3.bucket);
    await daemon.keeper().once(signal);
    expect(daemon.backup(id).copy).toMatchObject({ status: 'pending' });
    await daemon.work();
    expect(await s3.keys()).toHaveLength(2);
    await daemon.keeper().once(signal);
    expect(daemon.backup(id).copy).toMatchObject({ status: 'succeeded' });
  });

  it('is copied anew into another bucket or below another prefix', async () => {
    const id = await backedUp();
    daemon.use({ ...s3.bucket, prefix: 'elsewhere' });
    await daemon.keeper().once(signal);
    expect(daemon.backup(id).copy).toMatchObject({ status: 'pending' });
    await daemon.work();
    expect((await s3.keys()).filter((key) => key.startsWith('elsewhere/'))).toHaveLength(2);
  });

  it('is copied although it has expired, for retention has kept it', async () => {
    daemon.use(null);
    const id = daemon.ask({ keptForMs: HOUR_MS });
    await daemon.work();
    daemon.clock.advance(HOUR_MS);
    daemon.use(s3.bucket);
    await daemon.keeper().once(signal);
    await daemon.work();
    expect(daemon.backup(id).copy).toMatchObject({ status: 'succeeded' });
  });

  it('is copied by a service that is slow', async () => {
    s3.fault = () => 'slow';
    const id = await backedUp();
    expect(daemon.backup(id).copy).toMatchObject({ status: 'succeeded', errorMessage: null });
  });

  it('is copied as it is where nothing is to be encrypted', async () => {
    daemon[Symbol.dispose]();
    daemon = copyingDaemon(s3.bucket, NOT_ENCRYPTED);
    await backedUp();
    const [dump = ''] = await s3.keys();
    expect(dump).toMatch(/\.dump$/);
    expect((await s3.read(dump)).equals(archive())).toBe(true);
  });
});

describe('a copy that fails', () => {
  const faults = {
    'the service is down': () => s3.down(),
    'it fails': () => void (s3.fault = () => ({ status: 500 })),
    'it refuses the key': () => void (s3.fault = () => DENIED),
    'connections are cut': () => void (s3.fault = () => 'cut before'),
    'nothing can be written': () => void (s3.fault = ({ method }) => (method === 'PUT' ? DENIED : null)),
    'the manifest cannot be written': () =>
      void (s3.fault = ({ method, path }) => (method === 'PUT' && path.includes('.json') ? DENIED : null)),
    'the manifest is not kept': () =>
      void (s3.fault = ({ method, path }) =>
        method === 'PUT' && path.includes('.json') ? { status: 200, headers: { ETag: '"1"' } } : null),
    'what arrived is not all': () =>
      void (s3.fault = ({ method }) =>
        method === 'HEAD' ? { status: 200, headers: { 'Content-Length': '7' } } : null),
  };

  it.each(Object.entries(faults))(
    'because %s says so, is tried again, and harms nothing',
    async (_what, fail) => {
      const before = daemon.ask();
      await daemon.work();
      await fail();
      const id = await backedUp();
      const { status, copy } = daemon.backup(id);
      expect([status, copy?.status]).toEqual(['succeeded', 'running']);
      expect(copy?.errorMessage).toContain('/copies');
      expect((await contentOf((await daemon.disk.open(daemon.keyOf(id))).chunks)).equals(archive())).toBe(
        true,
      );
      if (_what === 'the service is down') await s3.up();
      s3.fault = () => null;
      // What came of it is no copy.
      expect(await daemon.copies.find(daemon.keyOf(id), signal)).toBeNull();
      await later();
      expect(daemon.backup(id).copy).toMatchObject({ status: 'succeeded', errorMessage: null });
      for (const one of [before, id]) {
        expect(
          (await contentOf((await daemon.copies.open(daemon.keyOf(one), signal)).chunks)).equals(archive()),
        ).toBe(true);
      }
      expect([(await s3.keys()).length, s3.unfinished()]).toEqual([4, 0]);
    },
  );

  it('until its deadline has failed, and is queued anew', async () => {
    s3.fault = () => {
      daemon.clock.advance(25 * HOUR_MS);
      return DENIED;
    };
    const id = await backedUp();
    expect(daemon.backup(id).copy).toMatchObject({
      status: 'failed',
      errorMessage: expect.stringContaining('refuses this access key'),
    });
    s3.fault = () => null;
    await daemon.keeper().once(signal);
    await daemon.work();
    expect(daemon.backup(id).copy?.status).toBe('succeeded');
  });

  it('because the file was changed copies nothing', async () => {
    daemon.use(null);
    const id = await backedUp();
    truncateSync(localDump(), 7);
    daemon.use(s3.bucket);
    await daemon.keeper().once(signal);
    await daemon.work();
    expect(daemon.backup(id).copy).toMatchObject({
      status: 'failed',
      errorMessage: expect.stringContaining('was changed'),
    });
    expect(await s3.keys()).toEqual([]);
  });
});

describe('an attempt after one that died', () => {
  const uploads = () =>
    s3.requests.filter(({ method, path }) => method === 'PUT' && path.includes('.dump')).length;
  const again = async (id: string) => {
    daemon.store.run(`UPDATE operations SET status = 'queued' WHERE kind = 'copy' AND backup_id = ?`, id);
    await daemon.work();
  };

  it('finds the whole copy, and uploads nothing', async () => {
    const id = await backedUp();
    await again(id);
    expect(uploads()).toBe(1);
    expect(daemon.backup(id).copy?.status).toBe('succeeded');
  });

  it.each(['.json', '.dump.age'])('without its %s uploads anew', async (ending) => {
    const id = await backedUp();
    await s3.remove((await s3.keys()).find((key) => key.endsWith(ending)) ?? '');
    await again(id);
    expect(uploads()).toBe(2);
    expect(await contentOf((await daemon.copies.open(daemon.keyOf(id), signal)).chunks)).toEqual(archive());
  });

  it('does not leave an older manifest beside another object', async () => {
    const id = await backedUp();
    await s3.remove((await s3.keys()).find((key) => key.endsWith('.age')) ?? '');
    s3.fault = ({ method, path }) => (method === 'PUT' && path.includes('.json') ? DENIED : null);
    await again(id);
    expect(await s3.keys()).toEqual([expect.stringMatching(/\.age$/)]);
  });
});

describe('removing a backup', () => {
  it('removes its objects, and those of no other', async () => {
    const [id, other] = [await backedUp(), await backedUp()];
    await s3.put('databases/somebody-elses', 'x');
    removeBackup(daemon.store, id);
    await daemon.keeper().once(signal);
    const keys = await s3.keys();
    expect(keys).toHaveLength(3);
    expect(keys.filter((key) => key.includes(other))).toHaveLength(2);
    const before = s3.requests.length;
    await daemon.keeper().once(signal);
    expect(s3.requests.length).toBe(before);
    // What others keep there is not even looked at.
    expect(s3.requests.filter(({ path }) => path.includes('list-type'))).toEqual([]);
  });

  it('is tried again until the bucket lets it', async () => {
    const id = await backedUp();
    removeBackup(daemon.store, id);
    await s3.down();
    await daemon.keeper().once(signal);
    await s3.up();
    s3.fault = ({ method }) => (method === 'DELETE' ? DENIED : null);
    await daemon.keeper().once(signal);
    expect(await s3.keys()).toHaveLength(2);
    s3.fault = () => null;
    await daemon.keeper().once(signal);
    expect(await s3.keys()).toEqual([]);
  });

  it('while it is copied leaves nothing there', async () => {
    daemon.use(null);
    const id = await backedUp();
    daemon.use(s3.bucket);
    await daemon.keeper().once(signal);
    s3.fault = ({ method, path }) => {
      if (method === 'PUT' && path.includes('.json')) {
        removeBackup(daemon.store, id);
        void daemon.keeper().once(signal);
      }
      return null;
    };
    await daemon.work();
    expect(await s3.keys()).toEqual([]);
    await daemon.keeper().once(signal);
    expect(
      daemon.store.get<{ at: string | null }>('SELECT copy_removed_at AS at FROM backups WHERE id = ?', id)
        ?.at,
    ).toBe(daemon.store.now());
  });

  it('before it is copied copies nothing', async () => {
    daemon.use(null);
    const id = await backedUp();
    daemon.use(s3.bucket);
    await daemon.keeper().once(signal);
    removeBackup(daemon.store, id);
    await daemon.work();
    expect(s3.requests.filter(({ method }) => method === 'PUT')).toEqual([]);
  });
});

describe('a backup whose local file is', () => {
  const losses = {
    gone: () => rmSync(join(daemon.folder, 'backups', 'databases'), { recursive: true }),
    'without its manifest': () => rmSync(localDump().replace(/\.dump$/, '.json')),
    shorter: () => truncateSync(localDump(), 7),
    other: () => writeFileSync(localDump(), Buffer.alloc(archive().length, 'x')),
    'beside a manifest that is broken': () => writeFileSync(localDump().replace(/\.dump$/, '.json'), '{'),
  };

  it.each(Object.entries(losses))('%s is read from its copy', async (_what, lose) => {
    const id = await backedUp();
    lose();
    expect((await contentOf(await daemon.read(id))).equals(archive())).toBe(true);
    expect(daemon.logger.messages('error')).toContain('a backup cannot be read: its copy is');
  });

  it('gone, and its copy changed, is never read whole', async () => {
    const id = await backedUp();
    losses.gone();
    const [dump = ''] = await s3.keys();
    const bytes = await s3.read(dump);
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
    await s3.put(dump, bytes);
    const reading = async () => contentOf(await daemon.read(id));
    await expect(reading()).rejects.toMatchObject({ code: 'changed' });
  });

  it('there is read from there', async () => {
    const id = await backedUp();
    const before = s3.requests.length;
    expect((await contentOf(await daemon.read(id))).equals(archive())).toBe(true);
    expect(s3.requests.length).toBe(before);
  });
});
