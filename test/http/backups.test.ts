import { createHash } from 'node:crypto';
import { appendFileSync, readdirSync, readlinkSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Caretaker } from '../../src/backups/caretaker.js';
import { enqueueOperation } from '../../src/store/operations.js';
import { queueBackup } from '../../src/store/queue-backup.js';
import { MemoryLogger } from '../memory-logger.js';
import { bootApi, type BootedApi } from './boot-api.js';

const MAIN = '/api/orgs/acme/apps/web/databases/main';
const BACKUPS = `${MAIN}/backups`;

/** Every file in the folder of backups. */
const filesOf = ({ folder }: BootedApi): string[] =>
  readdirSync(join(folder, 'backups'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));

const caretakerOf = (
  { store, disk, clock }: BootedApi,
  {
    logger = new MemoryLogger(),
    isSteady = () => true,
  }: { logger?: MemoryLogger; isSteady?: () => boolean } = {},
) =>
  new Caretaker({
    store,
    disk,
    clock: clock.read,
    isSteady,
    logger,
    retentionDays: 7,
  });

const DAY_MS = 86_400_000;
const NOW = '2030-01-01T00:00:00.000Z';

let api: BootedApi;
beforeEach(async () => {
  api = await bootApi();
  await api.readyDatabase();
});
afterEach(() => api[Symbol.asyncDispose]());

describe('a backup', () => {
  it('is pending, then stored under what it is known by', async () => {
    const asked = await api.post(BACKUPS);
    expect(asked).toMatchObject({
      status: 202,
      body: { kind: 'manual', status: 'pending', sizeBytes: null },
    });
    expect(api.nudge).toHaveBeenCalled();
    await api.settle();
    const { body } = await api.get(asked.headers.get('location') ?? '');
    const bytes = Buffer.concat(api.runtime.archive);
    expect(body).toMatchObject({
      id: asked.body.id,
      status: 'succeeded',
      engineVersion: '18',
      sizeBytes: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      verifiedAt: null,
      expiresAt: null,
      errorMessage: null,
    });
    expect((await api.get(MAIN)).body.lastBackupAt).toBe(api.store.now());
    expect((await api.get(BACKUPS)).body.data).toEqual([body]);
    expect(filesOf(api)).toHaveLength(2);
  });

  it('is waited for with Prefer: wait', async () => {
    const answer = api.post(BACKUPS, undefined, { headers: { Prefer: 'wait=10' } });
    const settle = setInterval(() => void api.settle(), 50);
    expect(await answer).toMatchObject({ status: 201, body: { status: 'succeeded' } });
    clearInterval(settle);
  });

  it('that failed says why, and is no backup of the database', async () => {
    const { body } = await api.post(BACKUPS);
    await api.settle('the disk is full');
    expect((await api.get(`${BACKUPS}/${body.id}`)).body).toMatchObject({
      status: 'failed',
      errorMessage: 'the disk is full',
      sizeBytes: null,
    });
    expect((await api.get(MAIN)).body).toMatchObject({ status: 'ready', lastBackupAt: null });
    expect((await api.get(`${BACKUPS}/${body.id}/download`)).status).toBe(409);
    expect(filesOf(api)).toEqual([]);
  });

  it('of which the dump breaks leaves no file', async () => {
    await api.post(BACKUPS);
    api.runtime.archive = [Buffer.from('OCI runtime exec failed')];
    await expect(api.settle()).rejects.toThrow(/is no dump/);
    expect(filesOf(api)).toEqual([]);
  });

  it('is made once, however often it is asked for before its turn', async () => {
    const [first, second] = [await api.post(BACKUPS), await api.post(BACKUPS)];
    expect([second.status, second.body]).toEqual([202, first.body]);
    await api.settle();
    expect((await api.get(BACKUPS)).body.data).toHaveLength(1);
  });

  it('of which the manifest is damaged says so', async () => {
    const id = await api.storedBackup();
    const manifest = filesOf(api).find((path) => path.endsWith('.json')) ?? '';
    truncateSync(manifest, 7);
    expect(await api.get(`${BACKUPS}/${id}/download`)).toMatchObject({
      status: 503,
      body: { detail: expect.stringContaining(`${manifest} is damaged`) },
    });
  });

  it('is never one of the daily ones, which are not kept for ever', async () => {
    const { body: database } = await api.get(MAIN);
    const { backupId } = queueBackup(
      api.store,
      { id: database.id, engineVersion: 18 },
      { kind: 'scheduled', keptForMs: DAY_MS },
    );
    const { body } = await api.post(BACKUPS);
    expect(body).toMatchObject({ kind: 'manual', expiresAt: null });
    expect(body.id).not.toBe(backupId);
  });

  it('is never one that is being made, and holds the database as it was before', async () => {
    const { body: first } = await api.post(BACKUPS);
    api.store.run(`UPDATE operations SET status = 'running', started_at = ? WHERE kind = 'backup'`, NOW);
    const { body: second } = await api.post(BACKUPS);
    expect(second).toMatchObject({ status: 'pending' });
    expect(second.id).not.toBe(first.id);
  });

  it('is the last one of its database until it is deleted', async () => {
    const id = await api.storedBackup();
    expect((await api.get(MAIN)).body.lastBackupAt).not.toBeNull();
    await api.delete(`${BACKUPS}/${id}`);
    expect((await api.get(MAIN)).body.lastBackupAt).toBeNull();
  });

  it('ends with its database, and says so', async () => {
    const { body } = await api.post(BACKUPS);
    const { body: database } = await api.delete(MAIN);
    await api.settle();
    const path = `/api/orgs/acme/apps/web/databases/${database.id}/backups/${body.id}`;
    expect((await api.get(path)).body).toMatchObject({
      status: 'failed',
      errorMessage: 'the database was deleted meanwhile',
    });
  });

  it('outlives its database', async () => {
    const id = await api.storedBackup();
    const { body: database } = await api.delete(`${MAIN}?deleteVolume=true`);
    await api.settle();
    const path = `/api/orgs/acme/apps/web/databases/${database.id}/backups/${id}`;
    expect((await api.get(`${path}/download`)).text).toBe(Buffer.concat(api.runtime.archive).toString());
  });

  it('is refused of a database that is not ready', async () => {
    await api.post('/api/orgs/acme/apps/web/databases', { name: 'later' });
    const answer = await api.post('/api/orgs/acme/apps/web/databases/later/backups');
    expect(answer).toMatchObject({ status: 409, body: { title: 'database is not ready' } });
  });
});

describe('a download', () => {
  it('has the bytes, their number and a telling name, and is audited', async () => {
    const id = await api.storedBackup();
    const { headers, text } = await api.get(`${BACKUPS}/${id}/download`);
    expect(text).toBe(Buffer.concat(api.runtime.archive).toString());
    expect(headers.get('content-length')).toBe(String(text.length));
    expect(headers.get('content-disposition')).toMatch(
      /^attachment; filename="web-main-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ\.dump"$/,
    );
    const { body } = await api.get('/api/orgs/acme/audit');
    expect(body.data[0]).toMatchObject({ action: 'backup.download', detail: { backupId: id } });
  });

  it('of a file that was changed is refused, with what is wrong', async () => {
    const id = await api.storedBackup();
    appendFileSync(filesOf(api).find((file) => file.endsWith('.dump')) ?? '', 'x');
    const answer = await api.get(`${BACKUPS}/${id}/download`);
    expect(answer).toMatchObject({ status: 503, body: { detail: expect.stringContaining('instead of') } });
  });

  it('of a file that is gone says where it should be', async () => {
    const id = await api.storedBackup();
    for (const file of filesOf(api)) rmSync(file);
    const answer = await api.get(`${BACKUPS}/${id}/download`);
    expect(answer).toMatchObject({ status: 503, body: { detail: expect.stringContaining('is missing') } });
  });
});

describe('a large download', () => {
  const CHUNK = Buffer.alloc(1024 ** 2, 'x');

  it('that is broken off leaves no file open', async () => {
    api.runtime.archive = [Buffer.from('PGDMP'), ...Array.from({ length: 32 }, () => CHUNK)];
    const id = await api.storedBackup();
    const open = () => readdirSync('/proc/self/fd').filter((fd) => isDump(`/proc/self/fd/${fd}`)).length;
    const gone = new AbortController();
    const response = await fetch(`${api.url}${BACKUPS}/${id}/download`, {
      headers: { Authorization: `Bearer ${api.tokens.acme.org.owner}` },
      signal: gone.signal,
    });
    expect([response.status, open()]).toEqual([200, 1]);
    gone.abort();
    for (let tries = 0; open() > 0 && tries < 100; tries += 1) await sleep(20);
    expect(open()).toBe(0);
    expect(api.logger.messages('error')).toEqual([]);
  });

  it('that is only asked about is not read', async () => {
    const id = await api.storedBackup();
    for (const file of filesOf(api)) rmSync(file);
    const { status, headers } = await api.request('HEAD', `${BACKUPS}/${id}/download`);
    expect([status, headers.get('content-length')]).toEqual([
      200,
      String(Buffer.concat(api.runtime.archive).length),
    ]);
  });
});

function isDump(path: string): boolean {
  try {
    return readlinkSync(path).endsWith('.dump');
  } catch {
    return false;
  }
}

describe('deleting a backup', () => {
  it('hides it at once, and its files go', async () => {
    const [id, other] = [await api.storedBackup(), await api.storedBackup()];
    expect((await api.delete(`${BACKUPS}/${id}`)).status).toBe(204);
    expect((await api.get(`${BACKUPS}/${id}`)).status).toBe(404);
    await new Promise(setImmediate);
    expect(api.tidyBackups).toHaveBeenCalledTimes(1);
    await caretakerOf(api).once();
    expect(filesOf(api).map((file) => file.includes(other))).toEqual([true, true]);
  });

  it('is refused while it is made', async () => {
    const { body } = await api.post(BACKUPS);
    expect((await api.delete(`${BACKUPS}/${body.id}`)).status).toBe(409);
  });

  it('needs no bucket: a copy that is tried again and again does not hold it', async () => {
    const id = await api.storedBackup();
    const { body: database } = await api.get(MAIN);
    enqueueOperation(api.store, { databaseId: database.id, kind: 'copy', backupId: id });
    expect((await api.delete(`${BACKUPS}/${id}`)).status).toBe(204);
  });

  it('is tried again when the disk was away', async () => {
    const id = await api.storedBackup();
    await api.delete(`${BACKUPS}/${id}`);
    const caretaker = caretakerOf(api);
    const remove = jest.spyOn(api.disk, 'remove').mockRejectedValueOnce(new Error('not mounted'));
    await caretaker.once();
    expect(filesOf(api)).toHaveLength(2);
    await caretaker.once();
    await caretaker.once();
    expect(remove).toHaveBeenCalledTimes(2);
    expect(filesOf(api)).toEqual([]);
  });
});

describe('the caretaker', () => {
  it('keeps what somebody asked for, and drops failures that are old', async () => {
    const kept = await api.storedBackup();
    await api.post(BACKUPS);
    await api.settle('no luck');
    api.clock.advance(7 * DAY_MS - 1);
    await caretakerOf(api).once();
    expect((await api.get(BACKUPS)).body.data).toHaveLength(2);
    api.clock.advance(1);
    await caretakerOf(api).once();
    expect((await api.get(BACKUPS)).body.data).toMatchObject([{ id: kept }]);
    expect(filesOf(api)).toHaveLength(2);
  });

  it('lets nothing go while the clock is not to be believed, but what somebody deleted', async () => {
    const [deleted] = [await api.storedBackup(), await api.storedBackup()];
    api.store.run('UPDATE backups SET expires_at = created_at');
    await api.storedBackup();
    await api.delete(`${BACKUPS}/${deleted}`);
    api.clock.advance(DAY_MS);
    await caretakerOf(api, { isSteady: () => false }).once();
    expect(filesOf(api)).toHaveLength(4);
    await caretakerOf(api).once();
    expect(filesOf(api)).toHaveLength(2);
  });

  it('tells once of backups whose files are gone, and of files that it knows nothing of', async () => {
    const logger = new MemoryLogger();
    const lost = await api.storedBackup();
    const stray = await api.storedBackup();
    for (const path of filesOf(api)) if (path.includes(lost)) rmSync(path);
    api.store.run('DELETE FROM backups WHERE id = ?', stray);
    const caretaker = caretakerOf(api, { logger });
    await caretaker.once();
    await caretaker.once();
    expect(logger.lines).toMatchObject([
      { level: 'error', fields: { missing: [lost], unknown: [stray], problems: [] } },
    ]);
    expect(filesOf(api)).toHaveLength(2);
  });

  it('says nothing about a folder in which all is as it should be', async () => {
    const logger = new MemoryLogger();
    await api.storedBackup();
    await caretakerOf(api, { logger }).once();
    expect(logger.lines).toEqual([]);
  });
});
