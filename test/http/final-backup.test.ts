import { Caretaker } from '../../src/backups/caretaker.js';
import { setDatabaseStatus } from '../../src/store/databases.js';
import { MemoryLogger } from '../memory-logger.js';
import { bootApi, type BootedApi } from './boot-api.js';

const DATABASES = '/api/orgs/acme/apps/web/databases';
const MAIN = `${DATABASES}/main`;
const DAY_MS = 86_400_000;

let api: BootedApi;
let id: string;
beforeEach(async () => {
  api = await bootApi();
  id = await api.readyDatabase();
});
afterEach(() => api[Symbol.asyncDispose]());

const kinds = async () =>
  ((await api.get(`${DATABASES}/${id}/operations`)).body.data as { kind: string }[]).map(({ kind }) => kind);
const backups = async () =>
  (await api.get(`${DATABASES}/${id}/backups`)).body.data as {
    id: string;
    kind: string;
    status: string;
  }[];

describe('deleting a database with its volume', () => {
  it('makes a final backup first, which can be had afterwards', async () => {
    expect((await api.delete(`${MAIN}?deleteVolume=true`)).body.status).toBe('deleting');
    expect(await kinds()).toEqual(['remove', 'backup', 'provision']);
    await api.settle();
    expect(api.runtime.volumes.size).toBe(0);
    const [backup] = await backups();
    const expiresAt = new Date(api.clock.read().getTime() + 7 * DAY_MS).toISOString();
    expect(backup).toMatchObject({ kind: 'final', status: 'succeeded', expiresAt });
    const { text } = await api.get(`${DATABASES}/${id}/backups/${backup?.id}/download`);
    expect(text).toBe(Buffer.concat(api.runtime.archive).toString());
  });

  it('leaves out the final backup when told so', async () => {
    await api.delete(`${MAIN}?deleteVolume=true&finalBackup=false`);
    await api.settle();
    expect([await kinds(), await backups(), api.runtime.volumes.size]).toEqual([
      ['remove', 'provision'],
      [],
      0,
    ]);
  });

  it('withdraws what is queued before it, a backup too', async () => {
    await api.post(`${MAIN}/backups`);
    await api.delete(`${MAIN}?deleteVolume=true`);
    await api.settle();
    const made = (await backups()).map(({ kind, status }) => `${kind} ${status}`);
    expect(made.sort()).toEqual(['final succeeded', 'manual failed']);
  });

  it('is refused of one that cannot be dumped now, with what to do', async () => {
    setDatabaseStatus(api.store, id, 'failed', 'its volume is gone');
    const answer = await api.delete(`${MAIN}?deleteVolume=true`);
    expect([answer.status, answer.body.title]).toEqual([409, 'database is not ready']);
    expect(answer.body.detail).toMatch(/finalBackup=false/);
    expect((await api.get(MAIN)).body.status).toBe('failed');
    expect((await api.delete(`${MAIN}?deleteVolume=true&finalBackup=false`)).status).toBe(202);
    await api.settle();
    expect(api.runtime.volumes.size).toBe(0);
  });

  it('makes none of one that was never ready', async () => {
    const { body } = await api.post(DATABASES, { name: 'later' });
    await api.delete(`${DATABASES}/later?deleteVolume=true`);
    await api.settle();
    const { body: operations } = await api.get(`${DATABASES}/${body.id}/operations`);
    expect(operations.data).toMatchObject([{ kind: 'remove' }, { kind: 'provision' }]);
  });

  it('is refused of one that was attached and is not ready yet: its volume holds data', async () => {
    await api.delete(MAIN);
    await api.settle();
    await api.post(DATABASES, { name: 'again', fromVolume: id });
    const answer = await api.delete(`${DATABASES}/again?deleteVolume=true`);
    expect([answer.status, answer.body.title]).toEqual([409, 'database is not ready']);
    expect((await api.delete(`${DATABASES}/again`)).status).toBe(202);
  });

  it('leaves a final backup that retention does not take for its age: it is all that is left', async () => {
    await api.delete(`${MAIN}?deleteVolume=true`);
    await api.settle();
    api.clock.advance(1000 * DAY_MS);
    const { store, disk, clock } = api;
    const options = {
      logger: new MemoryLogger(),
      isSteady: () => true,
      retentionDays: 7,
    };
    await new Caretaker({ store, disk, clock: clock.read, ...options }).once();
    expect(await backups()).toMatchObject([{ kind: 'final', status: 'succeeded' }]);
  });

  it('twice is once, and what was said first about the backup holds', async () => {
    await api.delete(`${MAIN}?deleteVolume=true`);
    for (const query of ['deleteVolume=true', 'deleteVolume=true&finalBackup=true']) {
      expect((await api.delete(`${MAIN}?${query}`)).status).toBe(202);
    }
    const otherwise = await api.delete(`${MAIN}?deleteVolume=true&finalBackup=false`);
    expect([otherwise.status, otherwise.body.title]).toEqual([409, 'database is being deleted']);
    expect(await kinds()).toEqual(['remove', 'backup', 'provision']);
  });

  it.each(['finalBackup=1', 'finalBackup=', 'finalBackup=FALSE'])('takes %s for nothing', async (query) => {
    const answer = await api.delete(`${MAIN}?deleteVolume=true&${query}`);
    expect([answer.status, answer.body.title]).toEqual([400, 'invalid request']);
  });
});

describe('deleting a database without its volume', () => {
  it('makes a final backup only when told so', async () => {
    await api.delete(`${MAIN}?finalBackup=true`);
    await api.settle();
    expect(await backups()).toMatchObject([{ kind: 'final', status: 'succeeded' }]);
    expect(api.runtime.volumes).toContain(id);
  });
});

describe('deleting an app', () => {
  it('is refused while its deleted databases have backups, and names them', async () => {
    await api.delete(`${MAIN}?deleteVolume=true`);
    await api.settle();
    const answer = await api.delete('/api/orgs/acme/apps/web');
    expect([answer.status, answer.body.title]).toEqual([409, 'app still has backups']);
    expect(answer.body.detail).toContain(id);
    for (const backup of await backups()) await api.delete(`${DATABASES}/${id}/backups/${backup.id}`);
    expect((await api.delete('/api/orgs/acme/apps/web')).status).toBe(204);
  });

  it('is not held up by backups that failed', async () => {
    await api.post(`${MAIN}/backups`);
    await api.settle('no luck');
    await api.delete(MAIN);
    await api.settle();
    expect((await api.delete('/api/orgs/acme/apps/web')).status).toBe(204);
  });
});
