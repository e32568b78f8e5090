import { appendFileSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Work } from '../../src/domain/operation-handler.js';
import { findBackup, insertBackup } from '../../src/store/backups.js';
import { enqueueOperation } from '../../src/store/operations.js';
import { allHandlers, diskStoreIn } from '../provisioner/all-handlers.js';
import { ScriptedRuntime } from '../provisioner/scripted-runtime.js';
import { openTestStore } from '../store/open-test-store.js';
import { readyDatabase } from '../store/sample-rows.js';
import { smallDisk, type SmallDisk } from './small-disk.js';

/** A backup that is asked for. Each `attempt` is one of a daemon that dies before it can settle. */
function askedBackup() {
  const test = openTestStore();
  const runtime = new ScriptedRuntime();
  const { store, clock } = test;
  const database = readyDatabase(store);
  const { signal } = new AbortController();
  const ask = () => {
    const operation = enqueueOperation(store, { databaseId: database.id, kind: 'backup' });
    const { id } = operation;
    const asked = { databaseId: database.id, operationId: id, kind: 'manual', engineVersion: 17 } as const;
    insertBackup(store, { id, keptForMs: null, ...asked });
    const work: Work = { operation, database, signal, onProgress: () => undefined };
    return {
      attempt: () => {
        const disk = diskStoreIn(test.folder);
        return allHandlers({ store, runtime, disk, clock: clock.read }).backup.run(work);
      },
      backup: () => findBackup(store, database.id, id),
    };
  };
  return {
    ...test,
    ...ask(),
    runtime,
    another: ask,
    dumps: () => runtime.calls.filter(({ verb }) => verb === 'dump').length,
    files: (ending: string): string[] =>
      readdirSync(`${join(test.folder, 'backups')}/`, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
        .map(({ parentPath, name }) => join(parentPath, name)),
  };
}

it('takes the file of an attempt that died before its row was settled', async () => {
  using asked = askedBackup();
  await asked.attempt();
  const known = asked.backup();
  asked.store.run('UPDATE backups SET size_bytes = NULL, sha256 = NULL');
  await asked.attempt();
  expect(asked.dumps()).toBe(1);
  expect(asked.backup()).toEqual(known);
});

it('dumps anew after one that died between the names of the manifest and of the dump', async () => {
  using asked = askedBackup();
  await asked.attempt();
  const [dump = ''] = asked.files('.dump');
  renameSync(dump, dump.replace(/([^/]+)$/, '.$1.unfinished'));
  await asked.attempt();
  expect(asked.dumps()).toBe(2);
  expect([asked.files('.dump'), asked.files('.json').length, asked.files('.unfinished')]).toEqual([
    [dump],
    1,
    [],
  ]);
});

it('does not take a file that was changed since', async () => {
  using asked = askedBackup();
  await asked.attempt();
  appendFileSync(asked.files('.dump')[0] ?? '', 'x');
  await expect(asked.attempt()).rejects.toMatchObject({ code: 'changed', retryable: false });
});

it.each([
  ['is full', 'no_space', 'no space is left', (disk: SmallDisk) => disk.leave(4096)],
  ['is read-only', 'read_only', 'mount it writable', (disk: SmallDisk) => disk.becomeReadOnly()],
])('fails where the folder %s, harms nothing, and is made when it can be', async (_, code, advice, fail) => {
  using asked = askedBackup();
  const folder = join(asked.folder, 'backups');
  using disk = smallDisk(256 * 1024);
  rmSync(folder, { recursive: true, force: true });
  symlinkSync(disk.path, folder);
  asked.runtime.archive = [Buffer.from('PGDMP'), Buffer.alloc(60_000, 'x')];
  await asked.attempt();
  const next = asked.another();
  const [dump = ''] = asked.files('.dump');
  const before = readFileSync(dump);
  fail(disk);
  await expect(next.attempt()).rejects.toMatchObject({ code, message: expect.stringContaining(advice) });
  expect([asked.files('.dump'), asked.files('.json').length]).toEqual([[dump], 1]);
  expect(asked.files('.unfinished')).toEqual([]);
  expect(readFileSync(dump).equals(before)).toBe(true);
  disk.becomeWritable();
  rmSync(join(folder, 'ballast'), { force: true });
  await next.attempt();
  expect(asked.files('.dump')).toHaveLength(2);
  expect(next.backup()).toMatchObject({ sizeBytes: 60_005 });
});
