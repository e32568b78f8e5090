import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DiskStore } from '../../../src/backups/disk/disk-store.js';
import { NOT_ENCRYPTED } from '../../../src/backups/encryption.js';
import { StorageError } from '../../../src/backups/storage-error.js';
import { temporaryFolder } from '../../temporary-folder.js';
import { filesBelow } from '../files-below.js';
import { contentOf, dumpOf, FOLDER, keep, keyNumber, STEM } from '../sample-backup.js';
import { KEY } from '../sample-manifest.js';
import { smallDisk } from '../small-disk.js';
import { atEveryStep, whileWatched } from '../watch-disk.js';

const EARLIER = keyNumber(1);
const DUMP = `${FOLDER}/${STEM}.dump`;
const MANIFEST = `${FOLDER}/${STEM}.json`;

/** The failure of something that has to fail with what tells an operator what to do. */
async function failureOf(work: Promise<unknown>): Promise<StorageError> {
  const error: unknown = await work.then(
    () => new Error('it did not fail'),
    (reason: unknown) => reason,
  );
  if (error instanceof StorageError) return error;
  throw error;
}

const fulfilled = async (work: Promise<unknown>) =>
  (await Promise.allSettled([work]))[0].status === 'fulfilled';

const FAILURES = [
  ['ENOSPC', 'no_space', /no space is left for .*: free some/],
  ['EDQUOT', 'no_space', /no space is left/],
  ['EROFS', 'read_only', /read-only: .* mount it writable/],
  ['EACCES', 'denied', /daemon’s user: give it/],
  ['EIO', 'disk_failed', /the disk failed at .* \(EIO\): check it/],
] as const;

const failing = (errno: string) => Object.assign(new Error(errno), { code: errno, syscall: 'write' });

describe('a disk', () => {
  it.each(FAILURES)('that says %s is told as %s, with what to do', async (errno, code, advice) => {
    using folder = temporaryFolder();
    const keeping = whileWatched(
      (step) => {
        if (step.startsWith('writeFile')) throw failing(errno);
      },
      () => keep(new DiskStore(folder.path), KEY),
    );
    const error = await failureOf(keeping);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(advice);
    expect(error.cause).toMatchObject({ code: errno });
    expect(filesBelow(folder.path)).toEqual([]);
  });

  it.each(['once', 'from then on'])(
    'that fails at whatever step, %s, keeps no backup, says what to do, and leaves earlier ones alone',
    async (when) => {
      await atEveryStep(async (fatal) => {
        using folder = temporaryFolder();
        const store = new DiskStore(folder.path);
        await keep(store, EARLIER, 3000);
        const before = contentsBelow(folder.path);
        let steps = 0;
        const keeping = whileWatched(
          () => {
            steps++;
            if (when === 'once' ? steps === fatal : steps >= fatal) throw failing('EIO');
          },
          () => keep(store, KEY, 30_000),
        );
        if (await fulfilled(keeping)) return steps;
        const error = await failureOf(keeping);
        expect(error.code).toBe('disk_failed');
        if (when === 'once') expect(contentsBelow(folder.path)).toEqual(before);
        // What could not be removed then is removed later; a dump was never there without its manifest.
        if (existsSync(join(folder.path, DUMP))) expect(existsSync(join(folder.path, MANIFEST))).toBe(true);
        await new DiskStore(folder.path).sweep();
        const { backups } = await store.list();
        for (const { key, sha256, sizeBytes } of backups) {
          await store.verify(key, sha256, sizeBytes);
        }
        if (!existsSync(join(folder.path, DUMP))) {
          rmSync(join(folder.path, MANIFEST), { force: true });
          await keep(store, KEY, 30_000);
        }
        expect(contentsBelow(folder.path)).toMatchObject(before);
        return Infinity;
      });
    },
    60_000,
  );

  it('that fails at whatever step does not pass for a changed backup', async () => {
    using folder = temporaryFolder();
    const store = new DiskStore(folder.path);
    const { sha256, sizeBytes } = await keep(store, KEY, 600_000);
    const works = [
      () => store.verify(KEY, sha256, sizeBytes),
      async () => contentOf((await store.open(KEY)).chunks),
    ];
    for (const work of works) {
      await atEveryStep(async (fatal) => {
        let steps = 0;
        const working = whileWatched<unknown>(() => {
          if (++steps === fatal) throw failing('EIO');
        }, work);
        if (await fulfilled(working)) return steps;
        expect((await failureOf(working)).code).toBe('disk_failed');
        return Infinity;
      });
    }
  });
});

describe('a folder', () => {
  it('that is missing is not made, for its disk may not be mounted', async () => {
    using folder = temporaryFolder();
    const root = join(folder.path, 'backups');
    const error = await failureOf(new DiskStore(root).begin(KEY));
    expect(error.code).toBe('missing');
    expect(error.message).toContain(`${root} is missing, or a folder above it: mount the disk it lies on`);
    expect(existsSync(root)).toBe(false);
  });

  it('without the one that backups were kept in is one whose disk is not mounted', async () => {
    using folder = temporaryFolder();
    const error = await failureOf(new DiskStore(folder.path, NOT_ENCRYPTED, () => false).begin(KEY));
    expect(error.code).toBe('missing');
    expect(error.message).toContain('mount the disk it lies on');
    expect(readdirSync(folder.path)).toEqual([]);
  });

  it('that is a file says so', async () => {
    using folder = temporaryFolder();
    const error = await failureOf(new DiskStore('/proc/self/cmdline').begin(KEY));
    expect(error.message).toContain('/proc/self/cmdline is missing');
    expect(filesBelow(folder.path)).toEqual([]);
  });

  it('that the daemon’s user may not use says so', async () => {
    using folder = temporaryFolder();
    const root = join(folder.path, 'backups');
    mkdirSync(root);
    const { sha256, sizeBytes } = await keep(new DiskStore(root));
    chmodSync(root, 0);
    const restore = becomeNobody();
    try {
      const store = new DiskStore(root);
      const works = [
        store.begin(EARLIER),
        store.open(KEY),
        store.verify(KEY, sha256, sizeBytes),
        store.remove(KEY),
      ];
      for (const work of works) expect(await failureOf(work)).toMatchObject({ code: 'denied' });
      await expect(store.list()).rejects.toThrow('give it the folder');
    } finally {
      restore();
      chmodSync(root, 0o700);
    }
    expect(filesBelow(root)).toEqual([DUMP, MANIFEST]);
  });

  it('that cannot be read hides no other', async () => {
    using folder = temporaryFolder();
    const store = new DiskStore(folder.path);
    await keep(store, KEY);
    await keep(store, { ...KEY, org: 'bcme' });
    await whileWatched(
      (step) => {
        if (!step.startsWith('readdir') || !step.endsWith('/acme')) return;
        throw failing('EIO');
      },
      async () => {
        const { backups, problems } = await store.list();
        expect(backups.map(({ key }) => key.org)).toEqual(['bcme']);
        expect(problems).toEqual([
          { path: join(folder.path, 'databases/acme'), message: expect.stringContaining('the disk failed') },
        ]);
        expect(await store.sweep()).toEqual({ removed: [], problems });
      },
    );
  });
});

const PAGE = 4096;

describe('a real disk', () => {
  it.each([0, 1, 2, 5, 9, 10, 11, 12, 13, 20])(
    'with room for %i pages keeps ten of them whole, or nothing',
    async (pages) => {
      using disk = smallDisk(64 * PAGE);
      const store = new DiskStore(disk.path);
      await keep(store, EARLIER, 3 * PAGE);
      disk.leave(pages * PAGE);
      const before = contentsBelow(disk.path);
      const keeping = keep(store, KEY, 10 * PAGE);
      const [{ status }] = await Promise.allSettled([keeping]);
      // The manifest needs a page too.
      expect(status).toBe(pages < 11 ? 'rejected' : 'fulfilled');
      if (status === 'rejected') {
        expect(await failureOf(keeping)).toMatchObject({
          code: 'no_space',
          message: expect.stringContaining('no space is left'),
        });
        expect(contentsBelow(disk.path)).toEqual(before);
        rmSync(join(disk.path, 'ballast'));
        await keep(store, KEY, 10 * PAGE);
      }
      const { backups, problems } = await store.list();
      expect([backups.length, problems]).toEqual([2, []]);
      for (const { key, sha256, sizeBytes } of backups) {
        await store.verify(key, sha256, sizeBytes);
      }
    },
  );

  it('is left to others before it is full', async () => {
    using disk = smallDisk(4096 * PAGE);
    const store = new DiskStore(disk.path);
    const failure = await failureOf(keep(store, KEY, 4000 * PAGE));
    expect(failure).toMatchObject({
      code: 'no_space',
      message: expect.stringContaining('for others (5 %'),
    });
    expect(filesBelow(disk.path)).toEqual([]);
    await keep(store, KEY, 3500 * PAGE);
    disk.leave(100 * PAGE);
    expect(await failureOf(keep(store, EARLIER, PAGE))).toMatchObject({ code: 'no_space' });
    expect(filesBelow(disk.path)).toHaveLength(3);
  });

  it('that fills up while two are written fails both or one, and keeps what it kept', async () => {
    using disk = smallDisk(64 * PAGE);
    const store = new DiskStore(disk.path);
    await keep(store, EARLIER, 3 * PAGE);
    disk.leave(30 * PAGE);
    const results = await Promise.allSettled([
      keep(store, keyNumber(2), 20 * PAGE),
      keep(store, keyNumber(3), 20 * PAGE),
    ]);
    const kept = results.filter(({ status }) => status === 'fulfilled').length;
    expect(kept).toBeLessThan(2);
    const { backups, problems } = await store.list();
    expect([backups.length, problems]).toEqual([1 + kept, []]);
    expect(filesBelow(disk.path)).toHaveLength(1 + 2 * backups.length);
    for (const { key, sha256, sizeBytes } of backups) await store.verify(key, sha256, sizeBytes);
  });

  it('that is read-only is read, and not written', async () => {
    using disk = smallDisk(64 * PAGE);
    const store = new DiskStore(disk.path);
    const { sha256, sizeBytes } = await keep(store);
    const draft = await store.begin(EARLIER);
    await draft.write(dumpOf(1000));
    disk.becomeReadOnly();
    expect(await failureOf(store.begin(keyNumber(2)))).toMatchObject({
      code: 'read_only',
      message: expect.stringContaining('mount it writable'),
    });
    expect(await failureOf(store.begin({ ...KEY, org: 'new' }))).toMatchObject({ code: 'read_only' });
    expect(await failureOf(draft.discard())).toMatchObject({ code: 'read_only' });
    expect(await failureOf(store.remove(KEY))).toMatchObject({ code: 'read_only' });
    await store.verify(KEY, sha256, sizeBytes);
    expect((await contentOf((await store.open(KEY)).chunks)).length).toBe(sizeBytes);
    const { removed, problems } = await store.sweep();
    expect(removed).toEqual([]);
    expect(problems).toEqual([
      { path: join(disk.path, FOLDER), message: expect.stringContaining('read-only') },
    ]);
    disk.becomeWritable();
    expect((await store.sweep()).removed).toHaveLength(1);
    expect(filesBelow(disk.path)).toEqual([DUMP, MANIFEST]);
  });
});

function contentsBelow(root: string): Record<string, string> {
  return Object.fromEntries(filesBelow(root).map((name) => [name, readFileSync(join(root, name), 'latin1')]));
}

/** Root may read everything; as nobody it may not. */
function becomeNobody(): () => void {
  if (process.geteuid?.() !== 0) return () => undefined;
  process.seteuid?.('nobody');
  return () => process.seteuid?.(0);
}
