import { setDatabaseStatus } from '../../src/store/databases.js';
import { getCredential } from '../../src/store/credentials.js';
import { bootApi, type BootedApi } from './boot-api.js';

const DATABASES = '/api/orgs/acme/apps/web/databases';
const MAIN = `${DATABASES}/main`;

const operationsOf = async (api: BootedApi, db = 'main') =>
  (await api.get(`${DATABASES}/${db}/operations`)).body.data as {
    id: string;
    kind: string;
    status: string;
  }[];

const audited = async (api: BootedApi) =>
  ((await api.get('/api/orgs/acme/audit')).body.data as { action: string; detail: unknown }[]).reverse();

/** A database of acme/web in each state it can be in. */
const STATES: Record<string, (api: BootedApi) => Promise<unknown>> = {
  pending: (api) => api.post(DATABASES, { name: 'main' }),
  ready: (api) => api.readyDatabase(),
  'failed before it was ready': async (api) => {
    await api.post(DATABASES, { name: 'main' });
    await api.settle('no image');
  },
  'failed after it was ready': async (api) => {
    await api.readyDatabase();
    await api.post(`${MAIN}/restart`);
    await api.settle('it does not come up');
  },
  deleting: async (api) => {
    await api.readyDatabase();
    await api.delete(MAIN);
  },
};

describe('ensuring a database', () => {
  it('creates it, and then returns it as it is', async () => {
    await using api = await bootApi();
    const token = api.tokens.acme.web.deploy;
    const created = await api.put(MAIN, undefined, { token });
    expect([created.status, created.body.status]).toEqual([202, 'pending']);
    const again = await api.put(MAIN, {}, { token });
    expect([again.status, again.body.id]).toEqual([202, created.body.id]);
    await api.settle();
    const ready = await api.put(MAIN, {}, { token });
    expect([ready.status, ready.body.status, ready.body.id]).toEqual([200, 'ready', created.body.id]);
    expect(await operationsOf(api)).toHaveLength(1);
    expect((await audited(api)).map(({ action }) => action)).toEqual([
      'database.create',
      'operation.provision.succeeded',
    ]);
  });

  it('creates it with the settings asked for', async () => {
    await using api = await bootApi();
    const { body } = await api.put(MAIN, { engineVersion: 16, plan: 'free' });
    expect(body).toMatchObject({ name: 'main', engineVersion: '16', plan: 'free' });
  });

  it('takes settings that are those it has', async () => {
    await using api = await bootApi();
    await api.readyDatabase();
    expect((await api.put(MAIN, { engineVersion: '18', plan: 'standard' })).status).toBe(200);
  });

  it.each([{ engineVersion: '17' }, { plan: 'free' }, { plan: 'pro' }])(
    'refuses %j for one that has other settings',
    async (settings) => {
      await using api = await bootApi();
      await api.readyDatabase();
      const answer = await api.put(MAIN, settings);
      expect([answer.status, answer.body.title]).toEqual([409, 'database exists with other settings']);
    },
  );

  it.each(['14', 'latest', 99])('refuses the version %j', async (engineVersion) => {
    await using api = await bootApi();
    const answer = await api.put(MAIN, { engineVersion });
    expect([answer.status, answer.body.title]).toEqual([400, 'unsupported database version']);
  });

  it('does not create one of plan pro', async () => {
    await using api = await bootApi();
    const answer = await api.put(MAIN, { plan: 'pro' });
    expect([answer.status, answer.body.title]).toEqual([400, 'plan not available']);
  });

  it.each([
    'a',
    'x'.repeat(64),
    '1main',
    'Main',
    'pg_x',
    '%00',
    'main%00',
    '%22main%22',
    "'",
    '$(id)',
    '..%2Fmain',
    '%2e%2e%2fmain',
    '--',
    'main%0a',
    'm%C3%A4in',
    '%F0%9F%99%82',
    '%20main',
  ])('refuses the name %s in the path', async (name) => {
    await using api = await bootApi();
    const answer = await api.put(`${DATABASES}/${name}`);
    expect([answer.status, answer.body.title]).toEqual([400, 'invalid database name']);
    expect(api.store.all('SELECT * FROM databases')).toEqual([]);
  });

  it('does not take an id for a name', async () => {
    await using api = await bootApi();
    const id = await api.readyDatabase();
    expect((await api.put(`${DATABASES}/${id}`)).status).toBe(400);
  });

  it.each(['template0', 'pgbouncer', 'x'.repeat(63)])('takes the name %s in the path', async (name) => {
    await using api = await bootApi();
    expect((await api.put(`${DATABASES}/${name}`)).body.name).toBe(name);
  });

  it('tries one again that was never ready', async () => {
    await using api = await bootApi();
    await STATES['failed before it was ready']?.(api);
    const answer = await api.put(MAIN);
    expect([answer.status, answer.body.status, answer.body.errorMessage]).toEqual([202, 'pending', null]);
    expect((await operationsOf(api)).map(({ kind, status }) => `${kind} ${status}`)).toEqual([
      'provision queued',
      'discard succeeded',
      'provision failed',
    ]);
    await api.settle();
    expect((await api.get(MAIN)).body.status).toBe('ready');
  });

  it('repairs one that was ready once', async () => {
    await using api = await bootApi();
    await STATES['failed after it was ready']?.(api);
    const answer = await api.put(MAIN);
    expect([answer.status, answer.body.status]).toEqual([202, 'failed']);
    expect((await operationsOf(api))[0]).toMatchObject({ kind: 'repair', status: 'queued' });
  });

  it('waits for nothing while it is being deleted', async () => {
    await using api = await bootApi();
    await STATES.deleting?.(api);
    const answer = await api.put(MAIN);
    expect([answer.status, answer.body.title]).toEqual([409, 'database is being deleted']);
  });

  it('is one database for a hundred deploys at once', async () => {
    await using api = await bootApi();
    const answers = await Promise.all(Array.from({ length: 100 }, () => api.put(MAIN)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    expect(new Set(answers.map(({ body }) => body.id as string)).size).toBe(1);
    expect(await operationsOf(api)).toHaveLength(1);
  });
});

describe('restarting a database', () => {
  it.each([
    ['pending', 'provision', 1],
    ['ready', 'restart', 2],
    ['failed before it was ready', 'provision', 3],
    ['failed after it was ready', 'repair', 3],
  ])('that is %s gives an operation that will %s it', async (state, kind, count) => {
    await using api = await bootApi();
    await STATES[state]?.(api);
    const answer = await api.post(`${MAIN}/restart`);
    expect([answer.status, answer.body.kind, answer.body.status]).toEqual([202, kind, 'queued']);
    const again = await api.post(`${MAIN}/restart`);
    expect(again.body.id).toBe(answer.body.id);
    expect(await operationsOf(api)).toHaveLength(count);
    const location = answer.headers.get('location') ?? '';
    expect((await api.get(location)).body).toEqual(answer.body);
    await api.settle();
    expect((await api.get(location)).body).toMatchObject({
      status: 'succeeded',
      progress: { step: 'done', done: 1, total: 1 },
    });
    expect((await api.get(MAIN)).body).toMatchObject({ status: 'ready', errorMessage: null });
  });

  it('that is being deleted is refused', async () => {
    await using api = await bootApi();
    await STATES.deleting?.(api);
    const answer = await api.post(`${MAIN}/restart`);
    expect([answer.status, answer.body.title]).toEqual([409, 'database is being deleted']);
  });

  it('is audited', async () => {
    await using api = await bootApi();
    const id = await api.readyDatabase();
    await api.post(`${MAIN}/restart`);
    expect((await audited(api)).at(-1)).toMatchObject({
      action: 'database.restart',
      detail: { databaseId: id },
    });
  });
});

describe('deleting a database', () => {
  it('preserves its volume unless told otherwise', async () => {
    await using api = await bootApi();
    const id = await api.readyDatabase();
    const answer = await api.delete(MAIN);
    expect([answer.status, answer.body.status]).toEqual([202, 'deleting']);
    await api.settle();
    expect(api.runtime.volumes).toContain(id);
    const { body } = await api.get('/api/volumes', { token: api.tokens.operator });
    expect(body.data).toMatchObject([
      { id, org: 'acme', app: 'web', databaseName: 'main', state: 'preserved' },
    ]);
  });

  it.each([
    ['deleteVolume=true', 0],
    ['deleteVolume=false', 1],
  ])('with %s leaves %i volume(s)', async (query, left) => {
    await using api = await bootApi();
    await api.readyDatabase();
    await api.delete(`${MAIN}?${query}`);
    await api.settle();
    expect(api.runtime.volumes.size).toBe(left);
    expect((await api.get('/api/volumes', { token: api.tokens.operator })).body.data).toHaveLength(left);
    const deletion = (await audited(api)).find(({ action }) => action === 'database.delete');
    expect(deletion?.detail).toMatchObject({ deleteVolume: left === 0 });
  });

  it.each([
    'deleteVolume',
    'deleteVolume=',
    'deleteVolume=1',
    'deleteVolume=TRUE',
    'deleteVolume=true&deleteVolume=true',
  ])('with %s does nothing: what destroys data must be spelt out', async (query) => {
    await using api = await bootApi();
    await api.readyDatabase();
    const answer = await api.delete(`${MAIN}?${query}`);
    expect([answer.status, answer.body.title]).toEqual([400, 'invalid request']);
    expect((await api.get(MAIN)).body.status).toBe('ready');
  });

  it.each([
    ['', '?deleteVolume=true', 1],
    ['?deleteVolume=true', '?deleteVolume=false', 0],
  ])('twice is once (%j, then %j): the first word about the volume holds', async (first, other, left) => {
    await using api = await bootApi();
    await api.readyDatabase();
    await api.delete(`${MAIN}${first}`);
    const again = await api.delete(`${MAIN}${first}`);
    expect([again.status, again.body.status]).toEqual([202, 'deleting']);
    const otherwise = await api.delete(`${MAIN}${other}`);
    expect([otherwise.status, otherwise.body.title]).toEqual([409, 'database is being deleted']);
    await api.settle();
    expect(api.runtime.volumes.size).toBe(left);
    expect((await audited(api)).filter(({ action }) => action === 'database.delete')).toHaveLength(1);
  });

  it('leaves it readable by its id, not by its name, with its operations', async () => {
    await using api = await bootApi();
    const id = await api.readyDatabase();
    await api.delete(MAIN);
    await api.settle();
    expect((await api.get(MAIN)).body.title).toBe('database not found');
    expect((await api.get(`${DATABASES}/${id}`)).body).toMatchObject({ status: 'deleted', name: 'main' });
    expect(await operationsOf(api, id)).toMatchObject([
      { kind: 'remove', status: 'succeeded' },
      { kind: 'provision', status: 'succeeded' },
    ]);
    expect((await api.get(DATABASES)).body.data).toEqual([]);
  });

  it('is the end of it: nothing can be done to it any more, and its credential is gone', async () => {
    await using api = await bootApi();
    const id = await api.readyDatabase();
    await api.delete(MAIN);
    await api.settle();
    const refusals = [
      await api.delete(`${DATABASES}/${id}`),
      await api.post(`${DATABASES}/${id}/reveal`),
      await api.post(`${DATABASES}/${id}/restart`),
    ];
    for (const answer of refusals) {
      expect([answer.status, answer.body.title]).toEqual([404, 'database not found']);
    }
    expect(() => getCredential(api.store, id)).toThrow('has no credential');
    expect((await api.get('/api/orgs/acme/apps/web/env')).body).toEqual({});
  });

  it('lets its name be used again, for a new database with a new volume', async () => {
    await using api = await bootApi();
    const id = await api.readyDatabase();
    await api.delete(MAIN);
    expect((await api.post(DATABASES, { name: 'main' })).status).toBe(409);
    await api.settle();
    const next = await api.readyDatabase();
    expect(next).not.toBe(id);
    expect((await api.get(MAIN)).body.id).toBe(next);
    expect([...api.runtime.volumes].sort()).toEqual([id, next].sort());
    expect(api.runtime.running.get(next)?.holdsData).toBe(false);
  });

  it('withdraws what was still to be done to it', async () => {
    await using api = await bootApi();
    const { body } = await api.post(DATABASES, { name: 'main' });
    await api.delete(MAIN);
    await api.settle();
    expect(api.runtime.history).not.toContain(`apply ${String(body.id)}`);
    expect(
      (await operationsOf(api, body.id as string)).map(({ kind, status }) => `${kind} ${status}`),
    ).toEqual(['remove succeeded', 'provision cancelled']);
    expect((await api.get('/api/volumes', { token: api.tokens.operator })).body.data).toEqual([]);
  });

  it('works for one that failed', async () => {
    await using api = await bootApi();
    await STATES['failed after it was ready']?.(api);
    expect((await api.delete(MAIN)).status).toBe(202);
    await api.settle();
    expect(api.runtime.volumes.size).toBe(1);
  });
});

describe('revealing the URLs of a database', () => {
  it('gives the pooled and the direct one, and is audited every time', async () => {
    await using api = await bootApi();
    const id = await api.readyDatabase();
    const [password] = api.passwords;
    for (let times = 1; times <= 2; times++) {
      const answer = await api.post(`${MAIN}/reveal`);
      expect(answer.status).toBe(200);
      expect(answer.body).toEqual({
        dsn: `postgresql://app:${password}@paas-pgbouncer-${id}:6432/app`,
        directDsn: `postgresql://app:${password}@paas-db-${id}:5432/app`,
      });
      const reveals = (await audited(api)).filter(({ action }) => action === 'database.reveal');
      expect(reveals).toHaveLength(times);
      expect(JSON.stringify(reveals)).not.toContain(password);
    }
  });

  it.each(['pending', 'failed before it was ready'])('is refused while it is %s', async (state) => {
    await using api = await bootApi();
    await STATES[state]?.(api);
    const answer = await api.post(`${MAIN}/reveal`);
    expect([answer.status, answer.body.code]).toEqual([409, 'database_not_ready']);
    expect((await audited(api)).map(({ action }) => action)).not.toContain('database.reveal');
  });

  it('works for one that was ready once', async () => {
    await using api = await bootApi();
    await STATES['failed after it was ready']?.(api);
    expect((await api.post(`${MAIN}/reveal`)).status).toBe(200);
  });

  it('is refused once it is being deleted', async () => {
    await using api = await bootApi();
    await STATES.deleting?.(api);
    const answer = await api.post(`${MAIN}/reveal`);
    expect([answer.status, answer.body.title]).toEqual([409, 'database is being deleted']);
    expect((await audited(api)).map(({ action }) => action)).not.toContain('database.reveal');
  });
});

describe('operations', () => {
  it('are found under their own database only', async () => {
    await using api = await bootApi();
    await api.readyDatabase('one');
    await api.readyDatabase('two');
    const [operation] = await operationsOf(api, 'one');
    const id = operation?.id ?? '';
    expect((await api.get(`${DATABASES}/one/operations/${id}`)).status).toBe(200);
    const answer = await api.get(`${DATABASES}/two/operations/${id}`);
    expect([answer.status, answer.body.title]).toEqual([404, 'operation not found']);
  });

  it('tell what went wrong, and so does the database', async () => {
    await using api = await bootApi();
    await api.post(DATABASES, { name: 'main' });
    await api.settle('the image postgres:18-alpine cannot be pulled');
    expect(await operationsOf(api)).toMatchObject([
      { kind: 'discard', status: 'succeeded' },
      {
        kind: 'provision',
        status: 'failed',
        errorMessage: 'the image postgres:18-alpine cannot be pulled',
      },
    ]);
    expect((await api.get(MAIN)).body).toMatchObject({
      status: 'failed',
      errorMessage: 'the image postgres:18-alpine cannot be pulled',
      readyAt: null,
    });
  });
});

describe('a status', () => {
  it('is never changed by what a request finds too late', async () => {
    await using api = await bootApi();
    const id = await api.readyDatabase();
    setDatabaseStatus(api.store, id, 'deleting');
    setDatabaseStatus(api.store, id, 'deleted');
    for (const [method, path] of [
      ['PUT', MAIN],
      ['POST', `${DATABASES}/${id}/restart`],
      ['DELETE', `${DATABASES}/${id}`],
    ] as const) {
      await api.request(method, path);
      expect((await api.get(`${DATABASES}/${id}`)).body.status).toBe('deleted');
    }
  });
});
