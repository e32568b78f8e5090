import { DATABASE_QUOTA, ORG_PLANS } from '../../src/domain/plans.js';
import { setDatabaseStatus } from '../../src/store/databases.js';
import { sampleApp, sampleDatabase } from '../store/sample-rows.js';
import { bootApi } from './boot-api.js';

const DATABASES = '/api/orgs/acme/apps/web/databases';
const GIB = 1024 ** 3;

/** Names that must never be taken, and may only ever be told back inside JSON. */
const BAD_NAMES = [
  '',
  'a',
  'x'.repeat(64),
  'x'.repeat(10_000),
  '1main',
  '-main',
  'Main',
  'pg_x',
  'main.',
  'a b',
  ' main',
  'main\n',
  'main\0',
  `"main"`,
  `main' OR '1'='1`,
  '$(id)',
  '`id`',
  '../main',
  '..',
  '--',
  '--help',
  'x dbname=y',
  'mäin',
  'ｍａｉｎ',
  'main🙂',
];

/** Names that look dangerous and are not: nothing outside is named after them. */
const GOOD_NAMES = [
  'ab',
  'x'.repeat(63),
  'template0',
  'postgres',
  'pgbouncer',
  'app',
  'a--b',
  'null',
  'constructor',
];

describe('creating a database', () => {
  it('answers 202 with the database, where it is, and one operation to read', async () => {
    await using api = await bootApi();
    const answer = await api.post(DATABASES, { name: 'main' });
    expect(answer.status).toBe(202);
    const { id } = answer.body as { id: string };
    expect(answer.body).toEqual({
      id: expect.stringMatching(/^[0-9][0-9a-z]{15}$/),
      org: 'acme',
      app: 'web',
      name: 'main',
      engineVersion: '18',
      plan: 'standard',
      status: 'pending',
      errorMessage: null,
      host: `paas-pgbouncer-${id}`,
      port: 6432,
      directHost: `paas-db-${id}`,
      directPort: 5432,
      pool: { mode: 'transaction', size: 20, maxClientConnections: 100 },
      resources: { instances: 1, storageBytes: 10 * GIB, memoryBytes: GIB, backup: 'scheduled' },
      lastBackupAt: null,
      lastVerifiedBackupAt: null,
      nextBackupAt: null,
      backupOverdue: false,
      createdAt: '2030-01-01T00:00:00.000Z',
      readyAt: null,
    });
    expect(answer.headers.get('location')).toBe(`${DATABASES}/${id}`);
    expect((await api.get(`${DATABASES}/${id}`)).body).toEqual(answer.body);
    const { body } = await api.get(`${DATABASES}/${id}/operations`);
    expect(body.data).toMatchObject([{ databaseId: id, kind: 'provision', status: 'queued' }]);
    expect(api.nudge).toHaveBeenCalledTimes(1);
  });

  it('becomes ready once it is provisioned, found by its id and by its name', async () => {
    await using api = await bootApi();
    const id = await api.readyDatabase();
    for (const key of [id, 'main']) {
      const answer = await api.get(`${DATABASES}/${key}`);
      expect([answer.status, answer.body.id]).toEqual([200, id]);
      expect(answer.body).toMatchObject({ status: 'ready', readyAt: '2030-01-01T00:00:00.000Z' });
    }
  });

  it('says in the audit log who did it', async () => {
    await using api = await bootApi();
    const answer = await api.post(DATABASES, { name: 'main' }, { token: api.tokens.acme.org.member });
    const { body } = await api.get('/api/orgs/acme/audit');
    expect(body.data).toMatchObject([
      {
        action: 'database.create',
        target: 'web/main',
        actor: expect.stringMatching(/^[0-9]/),
        detail: { databaseId: answer.body.id, fromVolume: null },
        requestId: answer.headers.get('x-request-id'),
      },
    ]);
  });

  it.each(BAD_NAMES)('refuses the name %j', async (name) => {
    await using api = await bootApi();
    const answer = await api.post(DATABASES, { name });
    expect([answer.status, answer.body.title]).toEqual([400, 'invalid database name']);
    expect(answer.body.errors).toEqual([
      { in: 'body', path: 'name', detail: expect.stringContaining('2 to 63') },
    ]);
    expect(api.store.all('SELECT * FROM databases')).toEqual([]);
  });

  it.each([undefined, null, 17, true, ['main'], { name: 'main' }])('refuses %j for a name', async (name) => {
    await using api = await bootApi();
    const answer = await api.post(DATABASES, { name });
    expect([answer.status, answer.body.title]).toEqual([400, 'invalid database name']);
  });

  it.each(GOOD_NAMES)('takes the name %s', async (name) => {
    await using api = await bootApi();
    const { id } = (await api.post(DATABASES, { name })).body as { id: string };
    expect((await api.get(`${DATABASES}/${name}`)).body.id).toBe(id);
  });

  it('refuses a request without a body as one without a name', async () => {
    await using api = await bootApi();
    const answer = await api.post(DATABASES);
    expect([answer.status, answer.body.title]).toEqual([400, 'invalid database name']);
  });

  it.each(['15', '16', '17', '18', 15, 17])('takes the version %j', async (engineVersion) => {
    await using api = await bootApi();
    const answer = await api.post(DATABASES, { name: 'main', engineVersion });
    expect([answer.status, answer.body.engineVersion]).toEqual([202, String(engineVersion)]);
  });

  it.each(['14', '19', '17.2', ' 17', 'latest', '', 14, 17.5, -17, null, ['17'], { a: 1 }, true, '017'])(
    'refuses the version %j, and says which there are',
    async (engineVersion) => {
      await using api = await bootApi();
      const answer = await api.post(DATABASES, { name: 'main', engineVersion });
      expect([answer.status, answer.body.title]).toEqual([400, 'unsupported database version']);
      expect(answer.body.detail).toContain('15, 16, 17, 18');
    },
  );

  it('gives a free database what that plan has', async () => {
    await using api = await bootApi();
    const answer = await api.post(DATABASES, { name: 'main', plan: 'free' });
    expect(answer.body).toMatchObject({
      plan: 'free',
      resources: { instances: 1, storageBytes: GIB, memoryBytes: GIB / 4, backup: 'none' },
    });
  });

  it('does not sell the plan pro, whose promises are not built', async () => {
    await using api = await bootApi();
    const answer = await api.post(DATABASES, { name: 'main', plan: 'pro' });
    expect([answer.status, answer.body.title]).toEqual([400, 'plan not available']);
    expect(answer.body.detail).toContain('use standard');
  });

  it('refuses a name that is taken, by a failed database as well', async () => {
    await using api = await bootApi();
    await api.post(DATABASES, { name: 'main' });
    for (const status of ['pending', 'failed'] as const) {
      if (status === 'failed') await api.settle('no image');
      const answer = await api.post(DATABASES, { name: 'main' });
      expect([answer.status, answer.body.title]).toEqual([409, 'a database with this name already exists']);
    }
    expect(api.store.all('SELECT * FROM volumes')).toHaveLength(1);
  });

  it('lets two apps and two orgs have the same name, each its own data', async () => {
    await using api = await bootApi();
    const { globex } = api.tokens;
    const answers = [
      await api.post(DATABASES, { name: 'main' }),
      await api.post('/api/orgs/acme/apps/shop/databases', { name: 'main' }),
      await api.post('/api/orgs/globex/apps/web/databases', { name: 'main' }, { token: globex.org.owner }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202]);
    await api.settle();
    expect(new Set(answers.map(({ body }) => body.id as string)).size).toBe(3);
    expect(api.runtime.volumes.size).toBe(3);
    expect(new Set(api.passwords).size).toBe(3);
  });

  it('gives one of a hundred at once the name, and leaves nothing of the others', async () => {
    await using api = await bootApi();
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => api.post(DATABASES, { name: 'main' })),
    );
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([202, ...Array.from({ length: 99 }, () => 409)]);
    for (const table of ['databases', 'volumes', 'credentials', 'operations', 'audit_events']) {
      expect([table, api.store.all(`SELECT * FROM ${table}`)]).toEqual([table, [expect.anything()]]);
    }
    await api.settle();
    expect(api.runtime.running.size).toBe(1);
  });
});

describe('the quota of an org', () => {
  it.each(
    ORG_PLANS.flatMap((plan) =>
      DATABASE_QUOTA[plan] === null ? [] : [{ plan, quota: DATABASE_QUOTA[plan] }],
    ),
  )('of plan $plan is $quota, over all its apps, and counts what is not deleted', async ({ plan, quota }) => {
    await using api = await bootApi({ plan });
    const shop = sampleApp(api.store, { slug: 'shop' });
    const ids = Array.from(
      { length: quota },
      (_, n) => sampleDatabase(api.store, { app: shop, name: `db-${n}` }).id,
    );
    sampleDatabase(api.store, { app: sampleApp(api.store, { org: 'globex' }) });
    const refused = await api.post(DATABASES, { name: 'main' });
    expect([refused.status, refused.body.title]).toEqual([429, 'database quota exceeded']);

    const [first = ''] = ids;
    setDatabaseStatus(api.store, first, 'failed', 'no');
    expect((await api.post(DATABASES, { name: 'main' })).status).toBe(429);
    setDatabaseStatus(api.store, first, 'deleting');
    expect((await api.post(DATABASES, { name: 'main' })).status).toBe(429);
    setDatabaseStatus(api.store, first, 'deleted');
    expect((await api.post(DATABASES, { name: 'main' })).status).toBe(202);
  });

  it('of plan enterprise has no end', async () => {
    await using api = await bootApi({ plan: 'enterprise' });
    const app = sampleApp(api.store);
    for (let n = 0; n < 50; n++) sampleDatabase(api.store, { app, name: `db-${n}` });
    expect((await api.post(DATABASES, { name: 'main' })).status).toBe(202);
  });

  it('holds for ensuring and for the environment as well', async () => {
    await using api = await bootApi({ plan: 'developer' });
    await api.post('/api/orgs/acme/apps/shop/databases', { name: 'main' });
    expect((await api.put(`${DATABASES}/main`)).status).toBe(429);
    expect((await api.post('/api/orgs/acme/apps/web/env')).status).toBe(429);
  });

  it('is not what a name that is taken is refused for', async () => {
    await using api = await bootApi({ plan: 'developer' });
    await api.post(DATABASES, { name: 'main' });
    const answer = await api.post(DATABASES, { name: 'main' });
    expect([answer.status, answer.body.code]).toEqual([409, 'database_exists']);
  });

  it('is not passed by many at once', async () => {
    await using api = await bootApi({ plan: 'team' });
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => api.post(DATABASES, { name: `db-${n}` })),
    );
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(3);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(17);
  });

  it('does not touch what is there when the plan becomes smaller', async () => {
    await using api = await bootApi({ plan: 'team' });
    for (const name of ['one', 'two']) await api.post(DATABASES, { name });
    await api.patch('/api/orgs/acme', { plan: 'developer' }, { token: api.tokens.operator });
    expect((await api.get(DATABASES)).body.data).toHaveLength(2);
    expect((await api.put(`${DATABASES}/one`)).status).toBe(202);
    expect((await api.post(DATABASES, { name: 'three' })).status).toBe(429);
  });
});

describe('a suspended org', () => {
  it('gets nothing new, and keeps what it has', async () => {
    await using api = await bootApi();
    const id = await api.readyDatabase();
    await api.patch('/api/orgs/acme', { status: 'suspended' }, { token: api.tokens.operator });
    const refusals = [
      await api.post(DATABASES, { name: 'other' }),
      await api.put(`${DATABASES}/other`),
      await api.post('/api/orgs/acme/apps/shop/env'),
    ];
    for (const answer of refusals) {
      expect([answer.status, answer.body.title]).toEqual([409, 'tenant is not ready']);
    }
    expect((await api.put(`${DATABASES}/main`)).status).toBe(200);
    expect((await api.get(`${DATABASES}/${id}`)).body.status).toBe('ready');
    expect((await api.get('/api/orgs/acme/apps/web/env')).body).toHaveProperty('DATABASE_URL');

    await api.patch('/api/orgs/acme', { status: 'ready' }, { token: api.tokens.operator });
    expect((await api.post(DATABASES, { name: 'other' })).status).toBe(202);
  });
});
