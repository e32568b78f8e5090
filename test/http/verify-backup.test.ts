import { bootApi, type BootedApi } from './boot-api.js';

const MAIN = '/api/orgs/acme/apps/web/databases/main';
const BACKUPS = `${MAIN}/backups`;

let api: BootedApi;
beforeEach(async () => {
  api = await bootApi();
  await api.readyDatabase();
});
afterEach(() => api[Symbol.asyncDispose]());

const backup = async (id: string) => (await api.get(`${BACKUPS}/${id}`)).body as unknown;

describe('verifying a backup', () => {
  it('is an operation about it, and shows with the backup and its database', async () => {
    const id = await api.storedBackup();
    expect(await backup(id)).toMatchObject({ verifiedAt: null, verification: null });
    const asked = await api.post(`${BACKUPS}/${id}/verify`);
    expect(asked).toMatchObject({ status: 202, body: { kind: 'verify', status: 'queued', backupId: id } });
    expect(await backup(id)).toMatchObject({ verification: { status: 'pending', finishedAt: null } });
    await api.settle();
    expect((await api.get(asked.headers.get('location') ?? '')).body).toMatchObject({ status: 'succeeded' });
    const now = api.store.now();
    expect(await backup(id)).toMatchObject({
      verifiedAt: now,
      verification: { status: 'succeeded', errorMessage: null, finishedAt: now },
    });
    expect((await api.get(MAIN)).body).toMatchObject({ lastVerifiedBackupAt: now });
    const { body: audit } = await api.get('/api/orgs/acme/audit');
    expect((audit.data as { action: string }[]).slice(0, 2).map(({ action }) => action)).toEqual([
      'operation.verify.succeeded',
      'backup.verify',
    ]);
  });

  it('is done once, however often it is asked for meanwhile, and again when asked for later', async () => {
    const id = await api.storedBackup();
    const [first, second] = [
      await api.post(`${BACKUPS}/${id}/verify`),
      await api.post(`${BACKUPS}/${id}/verify`),
    ];
    expect([second.status, second.body.id]).toEqual([202, first.body.id]);
    await api.settle();
    expect((await api.post(`${BACKUPS}/${id}/verify`)).body.id).not.toBe(first.body.id);
  });

  it('is waited for with Prefer: wait', async () => {
    const id = await api.storedBackup();
    api.nudge.mockImplementationOnce(() => setImmediate(() => void api.settle()));
    const answer = await api.post(`${BACKUPS}/${id}/verify`, undefined, { headers: { Prefer: 'wait=10' } });
    expect(answer).toMatchObject({ status: 200, body: { status: 'succeeded' } });
  });

  it('that fails shows why, and changes nothing about the database', async () => {
    const id = await api.storedBackup();
    await api.post(`${BACKUPS}/${id}/verify`);
    await api.settle('table "public"."orders" is missing');
    expect(await backup(id)).toMatchObject({
      status: 'succeeded',
      verifiedAt: null,
      verification: { status: 'failed', errorMessage: 'table "public"."orders" is missing' },
    });
    expect((await api.get(MAIN)).body).toMatchObject({ status: 'ready', errorMessage: null });
  });

  it('that fails later takes back what an earlier one has proved', async () => {
    const id = await api.storedBackup();
    await api.post(`${BACKUPS}/${id}/verify`);
    await api.settle();
    await api.post(`${BACKUPS}/${id}/verify`);
    const proved = (await api.get(MAIN)).body.lastVerifiedBackupAt;
    await api.settle('the file was changed');
    expect([proved, (await api.get(MAIN)).body.lastVerifiedBackupAt]).toEqual([expect.any(String), null]);
  });

  it('goes on when its database is deleted, and can be asked for afterwards', async () => {
    const id = await api.storedBackup();
    const asked = await api.post(`${BACKUPS}/${id}/verify`);
    const { body: database } = await api.delete(MAIN);
    await api.settle();
    const path = `/api/orgs/acme/apps/web/databases/${database.id}`;
    expect((await api.get(path)).body.status).toBe('deleted');
    expect((await api.get(`${path}/operations/${asked.body.id}`)).body.status).toBe('succeeded');
    expect((await api.post(`${path}/backups/${id}/verify`)).status).toBe(202);
    await api.settle();
    expect((await api.get(`${path}/backups/${id}`)).body).toMatchObject({
      verification: { status: 'succeeded' },
    });
  });

  it('is refused of what holds nothing', async () => {
    const { body } = await api.post(BACKUPS);
    const answer = await api.post(`${BACKUPS}/${body.id}/verify`);
    expect(answer).toMatchObject({ status: 409, body: { title: 'backup holds nothing' } });
    expect((await api.post(`${BACKUPS}/0unknown/verify`)).status).toBe(404);
  });
});
