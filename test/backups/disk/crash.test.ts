import { execFile } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { DiskStore } from '../../../src/backups/disk/disk-store.js';
import { REPOSITORY } from '../../repository.js';
import { temporaryFolder } from '../../temporary-folder.js';
import { filesBelow } from '../files-below.js';
import { dumpOf, FOLDER, keep, keyNumber, STEM } from '../sample-backup.js';
import { KEY, manifestOf } from '../sample-manifest.js';
import { atEveryStep, whileWatched } from '../watch-disk.js';

const SIZE = 30_000;
const EARLIER = keyNumber(1);
const DUMP = `${FOLDER}/${STEM}.dump`;
const MANIFEST = `${FOLDER}/${STEM}.json`;

async function write(store: DiskStore): Promise<void> {
  const draft = await store.begin(KEY);
  await draft.commit(manifestOf(KEY, await draft.write(dumpOf(SIZE))));
}

/** What must be so whenever the process died, with the earlier backup in its place. Returns what is there. */
async function examine(root: string, { earlier }: { earlier: boolean }): Promise<'nothing' | 'whole'> {
  const [dump, manifest] = [existsSync(join(root, DUMP)), existsSync(join(root, MANIFEST))];
  if (dump) expect(manifest).toBe(true);
  const store = new DiskStore(root);
  const before = (await store.list()).backups.map(({ key }) => key);
  expect(before).toEqual([...(dump ? [KEY] : []), ...(earlier ? [EARLIER] : [])]);

  const swept = await store.sweep();
  expect(swept.problems).toEqual([]);
  if (dump) expect(swept.removed).toEqual([]);
  const { backups, problems } = await store.list();
  expect(problems).toEqual([]);
  for (const { key, sha256, sizeBytes } of backups) await store.verify(key, sha256, sizeBytes);
  expect(backups.map(({ key }) => key)).toEqual(before);
  expect(filesBelow(root)).toHaveLength(backups.length * 2);
  // Nothing of it is in the way of the next.
  if (!dump) await write(store);
  return dump ? 'whole' : 'nothing';
}

/** A disk on which nothing can be done any more from the step of this number on, as if the process were gone. */
async function dieBefore(fatal: number, work: () => Promise<unknown>): Promise<number> {
  let steps = 0;
  const dying = whileWatched(() => {
    if (++steps >= fatal) throw new Error('the process is gone');
  }, work);
  await dying.catch((error: unknown) => {
    if (!(error instanceof Error && error.message === 'the process is gone')) throw error;
  });
  return steps;
}

async function inFolder<T>(work: (root: string, store: DiskStore) => Promise<T>): Promise<T> {
  using folder = temporaryFolder();
  const root = join(folder.path, 'backups');
  mkdirSync(root);
  return await work(root, new DiskStore(root));
}

describe('whenever the process dies while a backup is kept', () => {
  it.each([true, false])(
    'there is nothing or the whole of it (another there before: %s)',
    async (earlier) => {
      const outcomes: string[] = [];
      await atEveryStep((fatal) =>
        inFolder(async (root, store) => {
          if (earlier) await keep(store, EARLIER);
          const steps = await dieBefore(fatal, () => write(store));
          outcomes.push(await examine(root, { earlier }));
          return steps;
        }),
      );
      // It changes once, after the dump got its name.
      const whole = outcomes.indexOf('whole');
      expect(whole).toBeGreaterThan(20);
      expect(outcomes.slice(whole)).toEqual(outcomes.slice(whole).fill('whole'));
    },
    60_000,
  );

  it('so it is when it is killed for real', async () => {
    const run = async (root: string, fatal: number) =>
      promisify(execFile)(
        process.execPath,
        ['--import', 'tsx', join(__dirname, 'keep-and-die.ts'), root, String(fatal)],
        { cwd: REPOSITORY },
      ).then(
        ({ stdout }) => Number(stdout),
        (error: unknown) => {
          if ((error as { signal?: string }).signal === 'SIGKILL') return null;
          throw error;
        },
      );
    const total = await inFolder(async (root) => {
      const steps = await run(root, 0);
      expect(await examine(root, { earlier: false })).toBe('whole');
      return steps ?? 0;
    });
    expect(total).toBeGreaterThan(20);
    // Around the renames every one, before them a few: it takes a while to start a process.
    const points = [5, 10, ...Array.from({ length: 14 }, (_, n) => total - n)];
    const outcomes = new Set<string>();
    for (const fatal of points) {
      await inFolder(async (root) => {
        expect(await run(root, fatal)).toBeNull();
        outcomes.add(await examine(root, { earlier: false }));
      });
    }
    expect(outcomes).toEqual(new Set(['nothing', 'whole']));
  }, 120_000);
});

describe('whenever the process dies', () => {
  it.each(['remove', 'discard', 'sweep'] as const)(
    'while it does a %s, what is left is whole or can be cleared away',
    async (what) => {
      await atEveryStep((fatal) =>
        inFolder(async (root, store) => {
          await keep(store, EARLIER);
          let work: () => Promise<unknown>;
          if (what === 'remove') {
            await keep(store, KEY);
            work = () => store.remove(KEY);
          } else {
            const draft = await store.begin(KEY);
            const written = await draft.write(dumpOf(SIZE));
            if (what === 'discard') work = () => draft.discard();
            else {
              // Dead at the last moment before the dump gets its name.
              await dieAtRename(DUMP, () => draft.commit(manifestOf(KEY, written)));
              work = () => new DiskStore(root).sweep();
            }
          }
          const steps = await dieBefore(fatal, work);
          const [dump, manifest] = [existsSync(join(root, DUMP)), existsSync(join(root, MANIFEST))];
          if (dump) expect(manifest).toBe(true);
          const next = new DiskStore(root);
          if (what === 'remove') await next.remove(KEY);
          else await next.sweep();
          const { backups, problems } = await next.list();
          expect(problems).toEqual([]);
          expect(backups.map(({ key }) => key)).toEqual([EARLIER]);
          expect(filesBelow(root)).toHaveLength(2);
          return steps;
        }),
      );
    },
    60_000,
  );
});

it('a commit that fails at its last step, and dies clearing up, leaves no dump without its manifest', async () => {
  await atEveryStep((fatal) =>
    inFolder(async (root, store) => {
      let steps = 0;
      let named = false;
      const dying = whileWatched(
        (step) => {
          if (named && ++steps >= fatal) throw new Error('the process is gone');
          if (named && steps === 1) throw Object.assign(new Error('EIO'), { code: 'EIO', syscall: 'fsync' });
          named ||= step.startsWith('rename') && step.endsWith(DUMP);
        },
        () => write(store),
      );
      await expect(dying).rejects.toThrow();
      const [dump, manifest] = [existsSync(join(root, DUMP)), existsSync(join(root, MANIFEST))];
      if (dump) expect(manifest).toBe(true);
      if (fatal > steps) expect(filesBelow(root)).toEqual([]);
      return steps;
    }),
  );
});

async function dieAtRename(final: string, work: () => Promise<unknown>): Promise<void> {
  let dead = false;
  const dying = whileWatched((step) => {
    dead ||= step.startsWith('rename') && step.endsWith(final);
    if (dead) throw new Error('the process is gone');
  }, work);
  await expect(dying).rejects.toThrow('the process is gone');
}

describe('a power cut', () => {
  it('finds on the disk all that a name promises: it is kept before the name is given', async () => {
    const steps = await inFolder(async (root, store) => {
      const seen: string[] = [];
      await whileWatched(
        (step) => seen.push(step.replaceAll(`${root}/`, '')),
        () => write(store),
      );
      return seen.filter((step) => /^(mkdir|open|writeFile|sync|rename)/.test(step)).map(shorten);
    });
    const order = steps.filter((step) => /^(sync|rename)/.test(step));
    expect(order).toEqual([
      expect.stringMatching(/^sync .*backups$/),
      'sync databases',
      'sync acme',
      'sync web-shop',
      `sync .${STEM}.dump.unfinished`,
      `sync .${STEM}.json.unfinished`,
      `rename ${STEM}.json`,
      'sync main-1d00000000000000',
      `rename ${STEM}.dump`,
      'sync main-1d00000000000000',
    ]);
    // Nothing is written to a file once it is kept.
    const lastWrite = steps.lastIndexOf(`writeFile .${STEM}.dump.unfinished`);
    expect(lastWrite).toBeGreaterThan(0);
    expect(lastWrite).toBeLessThan(steps.indexOf(`sync .${STEM}.dump.unfinished`));
  });
});

function shorten(step: string): string {
  const [verb = '', ...paths] = step.split(' ');
  return `${verb} ${basename(paths.at(-1) ?? '')}`;
}
