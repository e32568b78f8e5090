import { appendFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BackupKind, BackupVerify } from '../../src/domain/backup.js';
import type { Operation } from '../../src/domain/operation.js';
import type { Work } from '../../src/domain/operation-handler.js';
import { RuntimeError } from '../../src/runtime/runtime-error.js';
import { findBackup, removeBackup } from '../../src/store/backups.js';
import { setDatabaseStatus } from '../../src/store/databases.js';
import { claimNextOperation, settleOperation } from '../../src/store/operation-queue.js';
import {
  enqueueOperation,
  findUnfinishedOperation,
  findUnfinishedOperationOn,
} from '../../src/store/operations.js';
import { queueBackup } from '../../src/store/queue-backup.js';
import { allHandlers, diskStoreIn } from '../provisioner/all-handlers.js';
import { ScriptedRuntime } from '../provisioner/scripted-runtime.js';
import { openTestStore } from '../store/open-test-store.js';
import { defined, readyDatabase } from '../store/sample-rows.js';

const CONTENTS = {
  serverVersion: '17.5',
  extensions: [],
  schemas: ['public'],
  tables: [
    { schema: 'public', name: 'orders', rows: 42 },
    { schema: 'public', name: 'totals', rows: 7, kind: 'view' as const },
  ],
  largeObjects: 0,
};

/** A backup that was made, and the operations on it. */
async function storedBackup({
  verify = 'none',
  kind = 'scheduled',
}: { verify?: BackupVerify; kind?: BackupKind } = {}) {
  const test = openTestStore();
  const { store, clock, folder } = test;
  const runtime = new ScriptedRuntime();
  runtime.contents = CONTENTS;
  const disk = diskStoreIn(folder);
  const handlers = allHandlers({ store, runtime, disk, clock: clock.read, verify });
  const database = readyDatabase(store);
  const { signal } = new AbortController();
  const workOf = (operation: Operation): Work => ({
    operation,
    database,
    signal,
    onProgress: () => undefined,
  });
  const backUp = async (as: BackupKind = kind): Promise<string> => {
    const { backupId, operation } = queueBackup(store, database, { kind: as, keptForMs: null });
    store.run(`UPDATE operations SET status = 'running' WHERE id = ?`, operation.id);
    await handlers.backup.run(workOf(operation));
    store.transaction(() => {
      handlers.backup.succeeded({ operation, database });
      settleOperation(store, operation.id, 'succeeded', { errorMessage: null, progress: null });
    });
    return backupId;
  };
  const backupId = await backUp();
  return {
    ...test,
    runtime,
    database,
    backupId,
    backUp,
    backup: () => findBackup(store, database.id, backupId),
    queued: () => findUnfinishedOperationOn(store, backupId, 'verify'),
    /** Verifies it as the provisioner does. */
    async verify(): Promise<void> {
      const queued =
        findUnfinishedOperationOn(store, backupId, 'verify') ??
        enqueueOperation(store, { databaseId: database.id, kind: 'verify', backupId });
      claimNextOperation(store, 1000);
      let errorMessage: string | null = null;
      try {
        await handlers.verify.run(workOf(queued));
        handlers.verify.succeeded({ operation: queued, database });
      } catch (error) {
        errorMessage = error instanceof Error ? error.message : String(error);
        handlers.verify.failed({ operation: queued, database }, errorMessage);
        throw error;
      } finally {
        const status = errorMessage === null ? 'succeeded' : 'failed';
        settleOperation(store, queued.id, status, { errorMessage, progress: null });
      }
    },
    file: (ending: string): string => {
      const files = readdirSync(join(folder, 'backups'), { recursive: true, withFileTypes: true });
      const { parentPath, name } = defined(files.find((file) => file.isFile() && file.name.endsWith(ending)));
      return join(parentPath, name);
    },
  };
}

describe('verifying a backup', () => {
  it('restores all of it elsewhere, and says when it was found to be what was dumped', async () => {
    using stored = await storedBackup();
    stored.clock.advance(5000);
    await stored.verify();
    const archive = Buffer.concat(stored.runtime.archive);
    expect(stored.runtime.loads).toEqual([{ id: stored.backupId, kind: 'rehearsal', given: archive }]);
    expect(stored.backup()).toMatchObject({
      verifiedAt: stored.store.now(),
      verification: { status: 'succeeded', errorMessage: null, finishedAt: stored.store.now() },
    });
  });

  it('fails for good with just the differences', async () => {
    using stored = await storedBackup();
    stored.runtime.contents = {
      ...CONTENTS,
      tables: [{ schema: 'public', name: 'orders', rows: 41 }],
      largeObjects: 1,
    };
    await expect(stored.verify()).rejects.toMatchObject({ retryable: false });
    expect(stored.backup()).toMatchObject({
      status: 'succeeded',
      verifiedAt: null,
      verification: {
        status: 'failed',
        errorMessage:
          'restored, it is not what was dumped: table "public"."orders" has 41 rows instead of 42; materialised view "public"."totals" is missing; 1 large object instead of 0',
      },
    });
  });

  it('does not count the rows of materialised views, which a restore fills anew', async () => {
    using stored = await storedBackup();
    const [orders = { schema: '', name: '', rows: 0 }] = CONTENTS.tables;
    const totals = { schema: 'public', name: 'totals', rows: 8, kind: 'view' as const };
    stored.runtime.contents = { ...CONTENTS, tables: [orders, totals] };
    await stored.verify();
    expect(stored.backup()?.verifiedAt).not.toBeNull();
  });

  it('takes back nothing when a later try fails: it was good then', async () => {
    using stored = await storedBackup();
    await stored.verify();
    const verifiedAt = stored.backup()?.verifiedAt;
    stored.runtime.script('rehearse', () => Promise.reject(new RuntimeError('no_space', 'the disk is full')));
    await expect(stored.verify()).rejects.toThrow('the disk is full');
    expect(stored.backup()).toMatchObject({ verifiedAt, verification: { status: 'failed' } });
  });

  it('works after its database was deleted', async () => {
    using stored = await storedBackup();
    setDatabaseStatus(stored.store, stored.database.id, 'deleting');
    setDatabaseStatus(stored.store, stored.database.id, 'deleted');
    stored.store.run('DELETE FROM credentials');
    await stored.verify();
    expect(stored.backup()?.verifiedAt).not.toBeNull();
  });
});

describe('verifying a backup whose files are not what was stored', () => {
  it('says that the dump was changed, whatever the runtime makes of it', async () => {
    using stored = await storedBackup();
    const dump = readFileSync(stored.file('.dump'));
    writeFileSync(stored.file('.dump'), Buffer.concat([dump.subarray(0, -1), Buffer.from('?')]));
    const { runtime } = stored;
    const rehearse = runtime.rehearse.bind(runtime);
    jest.spyOn(runtime, 'rehearse').mockImplementation((rehearsal, options) =>
      rehearse(rehearsal, options).catch(() => {
        throw new RuntimeError('archive_unusable', 'pg_restore: error: could not read');
      }),
    );
    await expect(stored.verify()).rejects.toMatchObject({ code: 'changed', retryable: false });
    expect(stored.backup()?.verification?.errorMessage).toMatch(/was changed since it was written.*SHA-256/);
  });

  it.each([
    ['another size', (file: string) => appendFileSync(file, 'x'), 'changed'],
    ['nothing there', (file: string) => rmSync(file), 'missing'],
  ])('says so of %s', async (_, spoil, code) => {
    using stored = await storedBackup();
    spoil(stored.file('.dump'));
    await expect(stored.verify()).rejects.toMatchObject({ code });
  });

  it('does not start anything where the manifest is another', async () => {
    using stored = await storedBackup();
    const text = readFileSync(stored.file('.json'), 'utf8');
    writeFileSync(stored.file('.json'), text.replace(/"sha256": "\w{8}/g, '"sha256": "00000000'));
    await expect(stored.verify()).rejects.toThrow(/are not those that were stored/);
    expect(stored.runtime.calls.map(({ verb }) => verb)).toEqual(['dump']);
  });

  it('does not start anything where the manifest leads to another file', async () => {
    using stored = await storedBackup();
    const text = readFileSync(stored.file('.json'), 'utf8');
    const last = text.lastIndexOf('"sha256": "') + '"sha256": "'.length;
    writeFileSync(stored.file('.json'), `${text.slice(0, last)}00000000${text.slice(last + 8)}`);
    await expect(stored.verify()).rejects.toThrow(/neither the dump nor encrypted/);
    expect(stored.runtime.calls.map(({ verb }) => verb)).toEqual(['dump']);
  });

  it('says that it was deleted meanwhile', async () => {
    using stored = await storedBackup();
    removeBackup(stored.store, stored.backupId);
    await expect(stored.verify()).rejects.toThrow('the backup was deleted before it could be verified');
  });
});

describe('a backup that is made', () => {
  it.each([
    ['scheduled', 'scheduled', true],
    ['scheduled', 'manual', false],
    ['scheduled', 'final', true],
    ['all', 'manual', true],
    ['all', 'final', true],
    ['none', 'scheduled', false],
    ['none', 'final', false],
  ] as const)('with PAASDB_BACKUP_VERIFY=%s and kind %s: is verified, %s', async (verify, kind, expected) => {
    using stored = await storedBackup({ verify, kind });
    expect(stored.queued() !== undefined).toBe(expected);
    expect(stored.backup()?.verification?.status).toBe(expected ? 'pending' : undefined);
  });

  it('is not verified when another of its database waits for that: the queue must not grow', async () => {
    using stored = await storedBackup({ verify: 'all' });
    const { store, database } = stored;
    const next = await stored.backUp();
    expect(findUnfinishedOperationOn(store, next, 'verify')).toBeUndefined();
    expect(claimNextOperation(store, 1000)).toMatchObject({ kind: 'verify', backupId: stored.backupId });
    const later = await stored.backUp();
    expect(findUnfinishedOperation(store, database.id, ['verify'])?.backupId).toBe(later);
  });

  it('is verified although another waits for that, when it is the final one', async () => {
    using stored = await storedBackup({ verify: 'all' });
    const { store, database } = stored;
    const next = await stored.backUp('final');
    expect(findUnfinishedOperation(store, database.id, ['verify'])?.backupId).toBe(next);
  });

  it('is verified beside other work on its database', async () => {
    using stored = await storedBackup({ verify: 'all' });
    const { store, database } = stored;
    enqueueOperation(store, { databaseId: database.id, kind: 'restart' });
    expect(claimNextOperation(store, 1000)?.kind).toBe('verify');
    expect(claimNextOperation(store, 1000)?.kind).toBe('restart');
    expect(findUnfinishedOperation(store, database.id, ['verify'])?.backupId).toBe(stored.backupId);
  });
});
