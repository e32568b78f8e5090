import { isName } from '../../src/domain/names.js';
import { bootApi } from './boot-api.js';

describe('orgs', () => {
  it('have one called default from the start, without limit', async () => {
    await using api = await bootApi();
    const { body } = await api.get('/api/orgs/default', { token: api.tokens.operator });
    expect(body).toEqual({
      slug: 'default',
      plan: 'enterprise',
      status: 'ready',
      createdAt: '2030-01-01T00:00:00.000Z',
    });
  });

  it('are created, listed and read', async () => {
    await using api = await bootApi();
    const { operator: token } = api.tokens;
    const answer = await api.post('/api/orgs', { slug: 'initech', plan: 'team' }, { token });
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({ slug: 'initech', plan: 'team', status: 'ready' });
    expect(answer.headers.get('location')).toBe('/api/orgs/initech');
    expect((await api.get('/api/orgs/initech', { token })).body).toEqual(answer.body);
    expect((await api.get('/api/orgs/initech/audit', { token })).body.data).toMatchObject([
      {
        org: 'initech',
        action: 'org.create',
        target: 'initech',
        actor: 'operator',
        detail: { plan: 'team' },
      },
    ]);
    const { body } = await api.get('/api/orgs', { token });
    expect((body.data as { slug: string }[]).map(({ slug }) => slug)).toEqual([
      'acme',
      'default',
      'globex',
      'initech',
    ]);
  });

  it('begin with the smallest plan', async () => {
    await using api = await bootApi();
    const { body } = await api.post('/api/orgs', { slug: 'initech' }, { token: api.tokens.operator });
    expect(body.plan).toBe('developer');
  });

  it('have slugs of their own', async () => {
    await using api = await bootApi();
    const answer = await api.post('/api/orgs', { slug: 'acme' }, { token: api.tokens.operator });
    expect([answer.status, answer.body.title]).toEqual([409, 'a tenant with this slug already exists']);
  });

  it.each(['', 'a', 'x'.repeat(64), 'Acme', '../x', '$(id)', 'a\0b', 'a\n', 'pg_x'])(
    'are not called %j',
    async (slug) => {
      expect(isName(slug)).toBe(false);
      await using api = await bootApi();
      const { operator: token } = api.tokens;
      const answers = [
        await api.post('/api/orgs', { slug }, { token }),
        await api.post('/api/orgs/acme/apps', { slug }, { token }),
      ];
      for (const answer of answers) {
        expect([answer.status, answer.body.title]).toEqual([400, 'invalid request']);
        expect(answer.body.errors).toMatchObject([{ path: 'slug' }]);
      }
    },
  );

  it('are changed field by field, and the change is audited', async () => {
    await using api = await bootApi();
    const { operator: token } = api.tokens;
    const plan = await api.patch('/api/orgs/acme', { plan: 'team' }, { token });
    expect(plan.body).toMatchObject({ plan: 'team', status: 'ready' });
    const status = await api.patch('/api/orgs/acme', { status: 'suspended' }, { token });
    expect(status.body).toMatchObject({ plan: 'team', status: 'suspended' });
    expect((await api.patch('/api/orgs/acme', {}, { token })).body).toEqual(status.body);
    const { body } = await api.get('/api/orgs/acme/audit');
    expect(body.data[1]).toMatchObject({
      action: 'org.change',
      target: 'acme',
      actor: 'operator',
      detail: { plan: 'team', status: 'suspended' },
    });
  });
});

describe('apps', () => {
  const APPS = '/api/orgs/acme/apps';

  it('are created, listed and read', async () => {
    await using api = await bootApi();
    const answer = await api.post(APPS, { slug: 'blog' });
    expect(answer.status).toBe(201);
    expect(answer.body).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
      org: 'acme',
      slug: 'blog',
      createdAt: '2030-01-01T00:00:00.000Z',
    });
    expect((await api.get(answer.headers.get('location') ?? '')).body).toEqual(answer.body);
    const { body } = await api.get(APPS);
    expect((body.data as { slug: string }[]).map(({ slug }) => slug)).toEqual(['blog', 'shop', 'web']);
  });

  it('have slugs of their own within their org', async () => {
    await using api = await bootApi();
    const answer = await api.post(APPS, { slug: 'web' });
    expect([answer.status, answer.body.title]).toEqual([409, 'an app with this slug already exists']);
    const token = api.tokens.globex.org.owner;
    expect((await api.post('/api/orgs/globex/apps', { slug: 'shop' }, { token })).status).toBe(201);
  });

  it('are not deleted while they have databases, not even one that is being deleted', async () => {
    await using api = await bootApi();
    await api.readyDatabase();
    for (const step of ['ready', 'deleting']) {
      const answer = await api.delete(`${APPS}/web`);
      expect([step, answer.status, answer.body.title]).toEqual([step, 409, 'app still has databases']);
      await api.delete(`${APPS}/web/databases/main`);
    }
    await api.settle();
    expect((await api.delete(`${APPS}/web`)).status).toBe(204);
  });

  it('are gone once deleted, with their tokens; those of the org go on', async () => {
    await using api = await bootApi();
    await api.delete(`${APPS}/web`);
    expect((await api.get(`${APPS}/web`)).body.title).toBe('app not found');
    expect((await api.get(`${APPS}/web`, { token: api.tokens.acme.web.owner })).status).toBe(401);
    expect((await api.get(`${APPS}/shop`)).status).toBe(200);
    expect((await api.delete(`${APPS}/web`)).body.title).toBe('app not found');
  });

  it('that are made again under the same slug begin anew: no database and no token of the old one', async () => {
    await using api = await bootApi();
    const old = await api.readyDatabase();
    await api.delete(`${APPS}/web/databases/main`);
    await api.settle();
    await api.delete(`${APPS}/web`);
    await api.post(APPS, { slug: 'web' });
    expect((await api.get(`${APPS}/web/databases/${old}`)).body.title).toBe('database not found');
    expect((await api.get(`${APPS}/web/databases`, { token: api.tokens.acme.web.owner })).status).toBe(401);
  });

  it('are audited', async () => {
    await using api = await bootApi();
    await api.post(APPS, { slug: 'blog' });
    await api.delete(`${APPS}/blog`);
    const { body } = await api.get('/api/orgs/acme/audit');
    expect(body.data).toMatchObject([
      { action: 'app.delete', target: 'blog' },
      { action: 'app.create', target: 'blog' },
    ]);
  });
});

describe('the audit log', () => {
  it('holds no event of another org', async () => {
    await using api = await bootApi();
    await api.post('/api/orgs/globex/apps', { slug: 'blog' }, { token: api.tokens.globex.org.owner });
    await api.post('/api/orgs', { slug: 'initech' }, { token: api.tokens.operator });
    expect((await api.get('/api/orgs/acme/audit')).body.data).toEqual([]);
    const { body } = await api.get('/api/orgs/globex/audit', { token: api.tokens.globex.org.admin });
    expect(body.data).toHaveLength(1);
  });

  it('can be checked by whoever reads it: each hash covers the event and the hash before', async () => {
    await using api = await bootApi();
    for (const slug of ['one', 'two', 'three']) await api.post('/api/orgs/acme/apps', { slug });
    const { body } = await api.get('/api/orgs/acme/audit');
    const events = (body.data as Record<string, unknown>[]).reverse();
    let previous = '0'.repeat(64);
    for (const event of events) {
      const { at, org, actor, action, target, detail, requestId, previousHash, hash } = event;
      expect(previousHash).toBe(previous);
      const text = JSON.stringify([
        previous,
        at,
        org,
        actor,
        action,
        target,
        JSON.stringify(detail),
        requestId,
      ]);
      expect(api.store.sha256(text).toString('hex')).toBe(hash);
      previous = hash as string;
    }
  });
});
