import { createHash } from 'node:crypto';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { BackupKey } from '../../../src/backups/backup-key.js';
import { DiskStore } from '../../../src/backups/disk/disk-store.js';
import { PIECE_BYTES } from '../../../src/backups/disk/pieces-of-file.js';
import { StorageError } from '../../../src/backups/storage-error.js';
import { temporaryFolder } from '../../temporary-folder.js';
import { filesBelow } from '../files-below.js';
import { contentOf, dumpOf, FOLDER, keep, keyNumber, STEM } from '../sample-backup.js';
import { KEY, manifestOf } from '../sample-manifest.js';

let temporary: ReturnType<typeof temporaryFolder>;
let root: string;
let store: DiskStore;
beforeEach(() => {
  temporary = temporaryFolder();
  root = join(temporary.path, 'backups');
  mkdirSync(root);
  store = new DiskStore(root);
});
afterEach(() => temporary[Symbol.dispose]());

const DUMP = `${FOLDER}/${STEM}.dump`;
const MANIFEST = `${FOLDER}/${STEM}.json`;
const path = (name: string) => join(root, name);
const modeOf = (file: string) => statSync(file).mode & 0o777;
const code = (expected: string): unknown => expect.objectContaining({ name: 'StorageError', code: expected });

describe('a backup', () => {
  it('is kept as a dump and its manifest', async () => {
    const manifest = await keep(store);
    const content = await contentOf(dumpOf(100_000));
    expect(filesBelow(root)).toEqual([DUMP, MANIFEST]);
    expect(readFileSync(path(DUMP)).equals(content)).toBe(true);
    expect(JSON.parse(readFileSync(path(MANIFEST), 'utf8'))).toMatchObject({
      format: 'paasdb-backup',
      sizeBytes: 100_000,
      sha256: createHash('sha256').update(content).digest('hex'),
    });
    await store.verify(KEY, manifest.sha256, 100_000);
  });

  it.each([5, 6, 256 * 1024, 256 * 1024 + 1, 1_000_000])(
    'of %i bytes is read as it was written',
    async (size) => {
      const manifest = await keep(store, KEY, size);
      const opened = await store.open(KEY);
      expect(opened.manifest).toEqual(manifest);
      expect((await contentOf(opened.chunks)).equals(await contentOf(dumpOf(size)))).toBe(true);
    },
  );

  it('is for its owner alone, whatever the umask', async () => {
    const before = process.umask(0);
    try {
      await keep(store);
    } finally {
      process.umask(before);
    }
    expect([DUMP, MANIFEST].map((name) => modeOf(path(name)))).toEqual([0o600, 0o600]);
    const folders = ['databases', 'databases/acme', 'databases/acme/web-shop', FOLDER];
    expect(folders.map((name) => modeOf(path(name)))).toEqual([0o700, 0o700, 0o700, 0o700]);
  });

  it('is neither there nor listed until it is committed', async () => {
    const draft = await store.begin(KEY);
    const written = await draft.write(dumpOf(1000));
    expect(filesBelow(root)).toEqual([`${FOLDER}/.${STEM}.dump.unfinished`]);
    expect(modeOf(path(`${FOLDER}/.${STEM}.dump.unfinished`))).toBe(0o600);
    expect(await store.list()).toEqual({ backups: [], problems: [] });
    await expect(store.open(KEY)).rejects.toEqual(code('missing'));
    await draft.commit(manifestOf(KEY, written));
    expect((await store.list()).backups).toHaveLength(1);
  });

  it('is never written over', async () => {
    const manifest = await keep(store);
    await expect(store.begin(KEY)).rejects.toThrow(`${path(DUMP)} is there already`);
    await store.verify(KEY, manifest.sha256, manifest.sizeBytes);
    rmSync(path(DUMP));
    await expect(store.begin(KEY)).rejects.toThrow(`${path(MANIFEST)} is there already`);
    expect(filesBelow(root)).toEqual([MANIFEST]);
  });

  it('is not written over by one that was begun before', async () => {
    const draft = await store.begin(KEY);
    const written = await draft.write(dumpOf(1000));
    writeFileSync(path(DUMP), 'of somebody else');
    await expect(draft.commit(manifestOf(KEY, written))).rejects.toThrow('came to be while it was written');
    expect(filesBelow(root)).toEqual([DUMP]);
    expect(readFileSync(path(DUMP), 'utf8')).toBe('of somebody else');
  });

  it('can be written beside another of the same database', async () => {
    const [one, other] = await Promise.all([store.begin(keyNumber(1)), store.begin(keyNumber(2))]);
    const [first, second] = await Promise.all([one.write(dumpOf(50_000)), other.write(dumpOf(70_000))]);
    await one.discard();
    await other.commit(manifestOf(keyNumber(2), second));
    expect(first.sizeBytes).toBe(50_000);
    expect((await store.list()).backups.map(({ key }) => key)).toEqual([keyNumber(2)]);
    await store.verify(keyNumber(2), second.sha256, 70_000);
  });

  it('cannot be written twice at once', async () => {
    const draft = await store.begin(KEY);
    await expect(store.begin(KEY)).rejects.toThrow('is being written already');
    await expect(store.remove(KEY)).rejects.toThrow('is being written');
    const written = await draft.write(dumpOf(1000));
    await draft.commit(manifestOf(KEY, written));
    await store.verify(KEY, written.sha256, 1000);
  });

  it('of many at once are all kept, while folders come and go', async () => {
    await Promise.all(
      Array.from({ length: 20 }, async (_, n) => {
        const key = { ...keyNumber(n), app: n % 2 ? 'web' : 'api' };
        const draft = await store.begin(key);
        const written = await draft.write(dumpOf(1000 + n));
        if (n % 3 === 0) return draft.discard();
        return draft.commit(manifestOf(key, written));
      }),
    );
    const { backups, problems } = await store.list();
    expect([backups.length, problems]).toEqual([13, []]);
  });
});

describe('a folder', () => {
  it('is not taken away from a draft by another that ends', async () => {
    const beginAndDiscard = async (key: BackupKey) => {
      for (let n = 0; n < 50; n++) await (await store.begin(key)).discard();
    };
    await Promise.all([1, 2, 3].map((number) => beginAndDiscard(keyNumber(number))));
    expect(filesBelow(root)).toEqual([]);
  });
});

describe('a draft', () => {
  const nothingIsLeft = () => {
    expect(filesBelow(root)).toEqual([]);
    expect(existsSync(path('databases/acme'))).toBe(false);
  };

  it('that is discarded leaves nothing, at whatever stage', async () => {
    const begun = await store.begin(KEY);
    await begun.discard();
    nothingIsLeft();
    const written = await store.begin(KEY);
    await written.write(dumpOf(1000));
    await written.discard();
    await written.discard();
    nothingIsLeft();
  });

  it('is discarded when its scope ends without a commit', async () => {
    {
      await using draft = await store.begin(KEY);
      await draft.write(dumpOf(1000));
    }
    nothingIsLeft();
    {
      await using draft = await store.begin(KEY);
      await draft.commit(manifestOf(KEY, await draft.write(dumpOf(1000))));
    }
    expect(filesBelow(root)).toEqual([DUMP, MANIFEST]);
  });

  it('leaves earlier backups alone when it is discarded', async () => {
    await keep(store, keyNumber(1));
    const before = filesBelow(root);
    await (await store.begin(KEY)).discard();
    expect(filesBelow(root)).toEqual(before);
  });

  it.each([
    ['is empty', [], 'it is empty'],
    ['is only the beginning of one', ['PGDM'], 'it ends before it began'],
    ['is something else', ['pg_dump: error'], 'it does not begin as one'],
    ['becomes something else', ['PG', 'XX'], 'it does not begin as one'],
  ])('of what %s is refused', async (_, pieces, message) => {
    const draft = await store.begin(KEY);
    async function* chunks() {
      await Promise.resolve();
      for (const piece of pieces) yield Buffer.from(piece);
    }
    const failure = draft.write(chunks());
    await expect(failure).rejects.toEqual(code('not_a_dump'));
    await expect(failure).rejects.toThrow(message);
    nothingIsLeft();
  });

  it('of what fails half way passes the failure on, and leaves nothing', async () => {
    const draft = await store.begin(KEY);
    const failure = Object.assign(new Error('connection lost'), { code: 'ENOSPC', syscall: 'read' });
    async function* chunks() {
      yield* dumpOf(100_000);
      throw failure;
    }
    await expect(draft.write(chunks())).rejects.toBe(failure);
    nothingIsLeft();
    await expect(draft.write(dumpOf(1000))).rejects.toThrow('written once');
    await expect(draft.commit(manifestOf(KEY, { sizeBytes: 1, sha256: '' }))).rejects.toThrow(
      'committed once',
    );
  });

  it('ends its source when it refuses what comes', async () => {
    const draft = await store.begin(KEY);
    let ended = false;
    async function* chunks() {
      try {
        for (;;) {
          await Promise.resolve();
          yield Buffer.from('no dump');
        }
      } finally {
        ended = true;
      }
    }
    await expect(draft.write(chunks())).rejects.toThrow(StorageError);
    expect(ended).toBe(true);
  });

  it('takes no more than the disk has taken, and what is being written and filled', async () => {
    const draft = await store.begin(KEY);
    const unfinished = path(`${FOLDER}/.${STEM}.dump.unfinished`);
    let given = 0;
    async function* chunks() {
      for await (const chunk of dumpOf(5_000_000)) {
        expect(given - statSync(unfinished).size).toBeLessThan(3 * PIECE_BYTES);
        given += chunk.length;
        yield chunk;
      }
    }
    await draft.write(chunks());
    await draft.discard();
  });

  it.each([
    ['of another backup', { backupId: '9b00000000000000' }, 'its backupId is 9b00000000000000'],
    ['of another database', { databaseId: '9d00000000000000' }, 'its databaseId is'],
    ['of another size', { sizeBytes: 1 }, 'another size'],
    ['of another sum', { sha256: '0'.repeat(64) }, 'another size or SHA-256'],
    ['that cannot be read back', { sha256: 'none' }, 'SHA-256'],
  ])('takes no manifest %s', async (_, change, message) => {
    const draft = await store.begin(KEY);
    const manifest = { ...manifestOf(KEY, await draft.write(dumpOf(1000))), ...change };
    await expect(draft.commit(manifest)).rejects.toThrow(message);
    nothingIsLeft();
  });

  it('is written once and committed once, also at the same time', async () => {
    const draft = await store.begin(KEY);
    const writing = draft.write(dumpOf(50_000));
    await expect(draft.write(dumpOf(60_000))).rejects.toThrow('written once');
    const manifest = manifestOf(KEY, await writing);
    const committing = draft.commit(manifest);
    await expect(draft.commit(manifest)).rejects.toThrow('committed once');
    await committing;
    await store.verify(KEY, manifest.sha256, 50_000);
  });

  it('that is discarded while it is committed is committed', async () => {
    const draft = await store.begin(KEY);
    const manifest = manifestOf(KEY, await draft.write(dumpOf(50_000)));
    await Promise.all([draft.commit(manifest), draft.discard()]);
    await store.verify(KEY, manifest.sha256, 50_000);
  });

  it('that is discarded while it is written is not written on', async () => {
    const draft = await store.begin(KEY);
    const discarding: Promise<void>[] = [];
    async function* chunks() {
      for await (const chunk of dumpOf(100_000)) {
        discarding.push(draft.discard());
        yield chunk;
      }
    }
    await expect(draft.write(chunks())).rejects.toThrow();
    await Promise.all(discarding);
    nothingIsLeft();
    await keep(store);
  });

  it('that the disk did not keep as it was written is no backup', async () => {
    const draft = await store.begin(KEY);
    const written = await draft.write(dumpOf(100_000));
    flipBit(path(`${FOLDER}/.${STEM}.dump.unfinished`), 77_777);
    await expect(draft.commit(manifestOf(KEY, written))).rejects.toEqual(code('changed'));
    nothingIsLeft();
  });

  it('that somebody took away is no backup', async () => {
    const draft = await store.begin(KEY);
    const written = await draft.write(dumpOf(1000));
    expect(await new DiskStore(root).sweep()).toMatchObject({
      removed: [expect.stringContaining('.unfinished')],
    });
    await expect(draft.commit(manifestOf(KEY, written))).rejects.toEqual(code('missing'));
    nothingIsLeft();
  });
});

describe('a dump that was changed', () => {
  it.each([0, 5, 99_999])('in one bit, at byte %i, is found, and not read to its end', async (offset) => {
    const { sha256, sizeBytes } = await keep(store);
    flipBit(path(DUMP), offset);
    const failure = store.verify(KEY, sha256, sizeBytes);
    await expect(failure).rejects.toEqual(code('changed'));
    await expect(failure).rejects.toThrow(`${path(DUMP)} was changed since it was written (its SHA-256 is`);
    let read = 0;
    const { chunks } = await store.open(KEY);
    const reading = (async () => {
      for await (const chunk of chunks) read += chunk.length;
    })();
    await expect(reading).rejects.toEqual(code('changed'));
    expect(read).toBeLessThan(sizeBytes);
  });

  it.each([
    ['truncated', () => truncateSync(path(DUMP), 99_999), 'it has 99999 bytes instead of 100000'],
    ['emptied', () => truncateSync(path(DUMP)), 'it has 0 bytes'],
    ['longer', () => appendFileSync(path(DUMP), '.'), 'it has 100001 bytes'],
  ])('so that it is %s is found before anything is read, and by a list', async (_, change, message) => {
    const { sha256, sizeBytes } = await keep(store);
    change();
    await expect(store.verify(KEY, sha256, sizeBytes)).rejects.toThrow(message);
    const { chunks } = await store.open(KEY);
    await expect(chunks[Symbol.asyncIterator]().next()).rejects.toThrow(message);
    expect(await store.list()).toEqual({
      backups: [],
      problems: [{ path: path(DUMP), message: expect.stringContaining(message) }],
    });
  });

  it('together with its manifest is found by the catalogue’s sum', async () => {
    const { sha256, sizeBytes } = await keep(store);
    await store.remove(KEY);
    const draft = await store.begin(KEY);
    const other = await draft.write(dumpOf(sizeBytes, 9_999));
    await draft.commit(manifestOf(KEY, other));
    expect(other.sha256).not.toBe(sha256);
    await expect(store.verify(KEY, sha256, sizeBytes)).rejects.toEqual(code('changed'));
  });
});

describe('a reader', () => {
  const openFiles = () => filesBelow('/proc/self/fd').length;

  it('that stops early, or never begins, leaves no file open', async () => {
    await keep(store, KEY, 3_000_000);
    const before = openFiles();
    for (let n = 0; n < 10; n++) {
      const { chunks } = await store.open(KEY);
      if (n % 2) continue;
      for await (const chunk of chunks) {
        expect(chunk.length).toBeGreaterThan(0);
        break;
      }
    }
    expect(openFiles()).toBe(before);
  });

  it('that fails leaves no file open, and the backup as it is', async () => {
    const { sha256 } = await keep(store, KEY, 3_000_000);
    const before = openFiles();
    const { chunks } = await store.open(KEY);
    const reading = (async () => {
      for await (const chunk of chunks) throw new Error(`no use for ${chunk.length} bytes`);
    })();
    await expect(reading).rejects.toThrow('no use for');
    expect(openFiles()).toBe(before);
    await store.verify(KEY, sha256, 3_000_000);
  });

  it('may keep and change what it was given', async () => {
    await keep(store, KEY, 1_000_000);
    const { chunks } = await store.open(KEY);
    const kept: Buffer[] = [];
    for await (const chunk of chunks) {
      kept.push(Buffer.from(chunk));
      chunk.fill(0);
    }
    expect(Buffer.concat(kept).equals(await contentOf(dumpOf(1_000_000)))).toBe(true);
  });
});

describe('a removal', () => {
  it('takes the two files and the folders that they leave empty', async () => {
    await keep(store);
    await keep(store, { ...KEY, app: 'other' });
    await store.remove(KEY);
    expect(filesBelow(root)).toEqual([DUMP, MANIFEST].map((name) => name.replace('web-shop', 'other')));
    expect(existsSync(path('databases/acme/web-shop'))).toBe(false);
    await store.remove({ ...KEY, app: 'other' });
    expect(existsSync(path('databases/acme'))).toBe(false);
  });

  it('leaves all else that lies there', async () => {
    await keep(store);
    await keep(store, keyNumber(1));
    const notes = [`${FOLDER}/README`, `${FOLDER}/${STEM}.dump.gz`, `${FOLDER}/.${STEM}.dump.unfinished`];
    for (const note of notes) writeFileSync(path(note), 'mine');
    const before = filesBelow(root);
    await store.remove(KEY);
    expect(filesBelow(root)).toEqual(before.filter((name) => name !== DUMP && name !== MANIFEST));
  });

  it('is done again without harm, and finishes what was done by half', async () => {
    await store.remove(KEY).catch(() => undefined);
    await keep(store);
    await keep(store, keyNumber(1));
    rmSync(path(DUMP));
    await store.remove(KEY);
    await store.remove(KEY);
    await store.remove(keyNumber(1));
    await store.remove(keyNumber(1));
    expect(filesBelow(root)).toEqual([]);
  });

  it('of many at once takes them all', async () => {
    const keys = Array.from({ length: 12 }, (_, number) => keyNumber(number));
    for (const key of keys) await keep(store, key, 10);
    await Promise.all([...keys, ...keys].map((key) => store.remove(key)));
    expect(filesBelow(root)).toEqual([]);
    expect(existsSync(path('databases/acme'))).toBe(false);
  });

  it('says nothing is gone where there is no disk', async () => {
    await expect(store.remove(KEY)).rejects.toEqual(code('missing'));
    rmSync(root, { recursive: true });
    await expect(store.remove(KEY)).rejects.toEqual(code('missing'));
  });

  it('does not take what is no file', async () => {
    await keep(store);
    rmSync(path(DUMP));
    mkdirSync(path(DUMP));
    await expect(store.remove(KEY)).rejects.toEqual(code('in_the_way'));
    expect(existsSync(path(MANIFEST))).toBe(true);
  });
});

describe('a list', () => {
  it('of a new folder is empty, and of a missing one a failure', async () => {
    expect(await store.list()).toEqual({ backups: [], problems: [] });
    rmSync(root, { recursive: true });
    await expect(store.list()).rejects.toEqual(code('missing'));
    await expect(store.sweep()).rejects.toEqual(code('missing'));
  });

  it('finds every backup again, in order, with all that is needed to read it', async () => {
    const keys = [keyNumber(1), keyNumber(2), { ...KEY, org: 'bcme', databaseName: 'a-b' }];
    for (const key of keys.toReversed()) await keep(store, key);
    const { backups, problems } = await new DiskStore(root).list();
    expect(problems).toEqual([]);
    expect(backups.map(({ key }) => key)).toEqual(keys);
    for (const { key, sha256, sizeBytes } of backups) {
      await store.verify(key, sha256, sizeBytes);
    }
  });

  const good = keyNumber(1);
  it.each<[string, () => void, string]>([
    ['has no manifest', () => rmSync(path(MANIFEST)), 'has no manifest beside it'],
    ['has no dump', () => rmSync(path(DUMP)), 'has no dump beside it'],
    [
      'has half a manifest',
      () => truncateSync(path(MANIFEST), 100),
      `${STEM}.json is damaged (it is not JSON`,
    ],
    ['has a manifest of zeros', () => writeFileSync(path(MANIFEST), Buffer.alloc(500)), 'is damaged'],
    ['has a manifest without end', () => truncateSync(path(MANIFEST), 2 ** 40), 'it has 1099511627776 bytes'],
    ['has a folder for a manifest', () => becomeFolder(MANIFEST), 'is not a file'],
    ['has a folder for a dump', () => becomeFolder(DUMP), 'is not a file'],
    [
      'has the manifest of another',
      () => writeFileSync(path(MANIFEST), readFileSync(path(MANIFEST), 'utf8').replace('"acme"', '"bcme"')),
      'is not the manifest of this backup (its org is bcme instead of acme',
    ],
    [
      'is of a newer version',
      () =>
        writeFileSync(
          path(MANIFEST),
          readFileSync(path(MANIFEST), 'utf8').replace('"version": 1', '"version": 9'),
        ),
      'has format 9, this version of paasdb reads 1',
    ],
  ])('names one that %s, and hides no other', async (_, change, message) => {
    await keep(store);
    await keep(store, good);
    change();
    const { backups, problems } = await store.list();
    expect(backups.map(({ key }) => key)).toEqual([good]);
    expect(problems).toEqual([{ path: path(DUMP), message: expect.stringContaining(message) }]);
  });

  it('passes over what is not ours', async () => {
    await keep(store);
    mkdirSync(path('databases/lost+found'));
    mkdirSync(path('control'));
    mkdirSync(path('databases/acme/web-shop/Other'));
    for (const name of [
      'databases/README',
      `${FOLDER}/notes.json`,
      `${FOLDER}/old.dump`,
      'control/a.sqlite',
    ]) {
      writeFileSync(path(name), 'mine');
    }
    const { backups, problems } = await store.list();
    expect([backups.length, problems]).toEqual([1, []]);
  });
});

describe('a sweep', () => {
  const UNFINISHED = `${FOLDER}/.${STEM}.dump.unfinished`;
  const leave = (name: string) => {
    mkdirSync(dirname(path(name)), { recursive: true });
    writeFileSync(path(name), 'PGDMP half');
  };

  it('removes what was left unfinished, and the folders that leaves empty', async () => {
    leave(UNFINISHED);
    leave(`${FOLDER}/.${STEM}.json.unfinished`);
    expect((await store.sweep()).removed.sort()).toEqual(
      [UNFINISHED, `${FOLDER}/.${STEM}.json.unfinished`].map(path),
    );
    expect(existsSync(path('databases/acme'))).toBe(false);
  });

  it('removes nothing of a draft that is open, nor stops it', async () => {
    const draft = await store.begin(KEY);
    const written = await draft.write(dumpOf(1000));
    leave(UNFINISHED.replace('2b', '9b'));
    expect((await store.sweep()).removed).toEqual([path(UNFINISHED.replace('2b', '9b'))]);
    await draft.commit(manifestOf(KEY, written));
    await store.verify(KEY, written.sha256, 1000);
  });

  it('removes nothing else, ever', async () => {
    await keep(store);
    const others = [
      'control/paasdb-schema-1.sqlite.unfinished',
      `.${STEM}.dump.unfinished`,
      `databases/.${STEM}.dump.unfinished`,
      `databases/acme/.${STEM}.dump.unfinished`,
      `databases/Acme/web/main-1d00000000000000/.${STEM}.dump.unfinished`,
      `databases/acme/web/main/.${STEM}.dump.unfinished`,
      `${FOLDER}/more/.${STEM}.dump.unfinished`,
      `${FOLDER}/${STEM}.dump.unfinished`,
      `${FOLDER}/.${STEM}.dump`,
      `${FOLDER}/.${STEM}.dump.unfinished~`,
      `${FOLDER}/.${STEM}.dump.unfinished.mine`,
      `${FOLDER}/.notes.dump.unfinished`,
      `${FOLDER}/.unfinished`,
      `${FOLDER}/${STEM.replace('2b', '7b')}.json`,
      `${FOLDER}/${STEM.replace('2b', '8b')}.dump`,
    ];
    for (const name of others) leave(name);
    mkdirSync(path(UNFINISHED.replace('2b', '5b')));
    symlinkSync(path(DUMP), path(UNFINISHED.replace('2b', '6b')));
    const before = filesBelow(root);
    expect(await store.sweep()).toEqual({ removed: [], problems: [] });
    expect(filesBelow(root)).toEqual(before);
    expect(existsSync(path(UNFINISHED.replace('2b', '5b')))).toBe(true);
  });

  it('removes the manifest of a commit that was cut short, but of no other', async () => {
    await keep(store);
    await keep(store, keyNumber(1));
    rmSync(path(DUMP));
    leave(UNFINISHED);
    rmSync(path(`${FOLDER}/${STEM}.json`));
    leave(MANIFEST);
    leave(UNFINISHED.replace(`.${STEM}`, '.2030-02-01T00-01-00.000Z-3000000000000001'));
    const { removed } = await store.sweep();
    expect(removed).toHaveLength(3);
    const { backups, problems } = await store.list();
    expect([backups.map(({ key }) => key), problems]).toEqual([[keyNumber(1)], []]);
  });

  it('is not needed to begin the same backup again', async () => {
    leave(UNFINISHED);
    leave(MANIFEST);
    await keep(store);
    expect(filesBelow(root)).toEqual([DUMP, MANIFEST]);
  });
});

describe('a link', () => {
  let outside: string;
  beforeEach(() => {
    outside = join(temporary.path, 'outside');
    mkdirSync(outside);
  });

  it('to the folder is the operator’s choice, and followed', async () => {
    symlinkSync(outside, join(temporary.path, 'link'));
    await keep(new DiskStore(join(temporary.path, 'link')));
    expect(filesBelow(outside)).toEqual([DUMP, MANIFEST]);
  });

  it.each(['databases', 'databases/acme', 'databases/acme/web-shop', FOLDER])(
    'in place of %s is not followed',
    async (name) => {
      const { sha256, sizeBytes } = await keep(new DiskStore(outside));
      const before = filesBelow(outside);
      mkdirSync(dirname(path(name)), { recursive: true });
      symlinkSync(join(outside, name), path(name));
      const refused = code('in_the_way');
      await expect(store.begin(KEY)).rejects.toEqual(refused);
      await expect(store.open(KEY)).rejects.toThrow('is a link, which is not followed');
      await expect(store.verify(KEY, sha256, sizeBytes)).rejects.toEqual(refused);
      await expect(store.remove(KEY)).rejects.toEqual(refused);
      if (name !== 'databases') {
        const link = { path: path(name), message: expect.stringContaining('is a link') };
        expect(await store.list()).toEqual({ backups: [], problems: [link] });
        expect(await store.sweep()).toEqual({ removed: [], problems: [link] });
      } else {
        await expect(store.list()).rejects.toEqual(refused);
        await expect(store.sweep()).rejects.toEqual(refused);
      }
      expect(filesBelow(outside)).toEqual(before);
    },
  );

  it('in place of a file is neither written through, nor read, nor removed', async () => {
    const secret = join(outside, 'secret');
    writeFileSync(secret, 'PGDMP of somebody else');
    await keep(store, keyNumber(1));
    for (const name of [DUMP, MANIFEST, `${FOLDER}/.${STEM}.dump.unfinished`]) {
      symlinkSync(secret, path(name));
      await expect(store.begin(KEY)).rejects.toEqual(code('in_the_way'));
      await expect(store.verify(KEY, '0'.repeat(64), 22)).rejects.toThrow(StorageError);
      await expect(store.open(KEY)).rejects.toThrow(StorageError);
      if (!name.includes('unfinished')) await expect(store.remove(KEY)).rejects.toEqual(code('in_the_way'));
      rmSync(path(name));
    }
    expect(readFileSync(secret, 'utf8')).toBe('PGDMP of somebody else');
  });
});

function becomeFolder(name: string): void {
  rmSync(path(name));
  mkdirSync(path(name));
}

function flipBit(file: string, offset: number): void {
  const bytes = readFileSync(file);
  bytes[offset] = (bytes[offset] ?? 0) ^ 1;
  writeFileSync(file, bytes);
}
