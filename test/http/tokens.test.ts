import { includesRole, ORG_ROLES } from '../../src/domain/roles.js';
import { bootApi, issueToken, type BootedApi } from './boot-api.js';

const TOKENS = '/api/orgs/acme/tokens';
const DATABASES = '/api/orgs/acme/apps/web/databases';

const create = async (api: BootedApi, json: object, token?: string) => {
  const answer = await api.post(TOKENS, json, token === undefined ? {} : { token });
  return { answer, ...(answer.body as { id: string; token: string }) };
};

describe('creating a token', () => {
  it('shows it once, and what it is for', async () => {
    await using api = await bootApi();
    const { answer, id, token } = await create(api, { name: 'ci of web', role: 'deploy', app: 'web' });
    expect(answer.status).toBe(201);
    expect(answer.body).toEqual({
      id: expect.stringMatching(/^[0-9][0-9a-z]{15}$/),
      name: 'ci of web',
      role: 'deploy',
      app: 'web',
      createdAt: '2030-01-01T00:00:00.000Z',
      expiresAt: null,
      lastUsedAt: null,
      token: expect.stringMatching(new RegExp(`^paasdb_${id}_[0-9a-f]{64}$`)),
    });
    const list = await api.get(`${TOKENS}?limit=100`);
    expect(list.text).toContain(id);
    expect(list.text).not.toContain(token);
    expect((await api.get('/api/orgs/acme/audit')).text).not.toContain(token.slice(-64));
    expect((await api.get(DATABASES, { token })).status).toBe(200);
  });

  it.each(
    ORG_ROLES.flatMap((held) => ORG_ROLES.map((wanted) => ({ held, wanted }))).filter(({ held }) =>
      includesRole(held, 'admin'),
    ),
  )('of role $wanted with one of role $held: at most one’s own', async ({ held, wanted }) => {
    await using api = await bootApi();
    const { answer } = await create(api, { name: 'x', role: wanted }, api.tokens.acme.org[held]);
    expect(answer.status).toBe(includesRole(held, wanted) ? 201 : 403);
  });

  it('of role operator is never possible, not even for the operator', async () => {
    await using api = await bootApi();
    const { answer } = await create(api, { name: 'x', role: 'operator' }, api.tokens.operator);
    expect([answer.status, answer.body.errors[0].path]).toEqual([400, 'role']);
  });

  it('for one app needs an app of this org', async () => {
    await using api = await bootApi();
    const { answer } = await create(api, { name: 'x', role: 'viewer', app: 'nothing' });
    expect([answer.status, answer.body.title]).toEqual([404, 'app not found']);
  });

  it('for one app opens that app and nothing else', async () => {
    await using api = await bootApi();
    const { token } = await create(api, { name: 'x', role: 'owner', app: 'shop' });
    expect((await api.get('/api/orgs/acme/apps/shop/databases', { token })).status).toBe(200);
    expect((await api.get(DATABASES, { token })).body.title).toBe('app not found');
    expect((await api.get('/api/orgs/acme/apps', { token })).body.title).toBe('forbidden');
  });

  it('may be given any name that is one line', async () => {
    await using api = await bootApi();
    const { answer } = await create(api, { name: `O’Brien's "laptop" 💻 $(id)`, role: 'viewer' });
    expect(answer.body.name).toBe(`O’Brien's "laptop" 💻 $(id)`);
  });
});

describe('a token that expires', () => {
  it('is good until then, to the millisecond', async () => {
    await using api = await bootApi();
    const expiresAt = '2030-01-01T00:00:10Z';
    const { answer, token } = await create(api, { name: 'x', role: 'viewer', expiresAt });
    expect(answer.body.expiresAt).toBe('2030-01-01T00:00:10.000Z');
    api.clock.advance(9999);
    expect((await api.get(DATABASES, { token })).status).toBe(200);
    api.clock.advance(1);
    const refused = await api.get(DATABASES, { token });
    expect([refused.status, refused.body.title]).toEqual([401, 'unauthorized']);
    expect(refused.body.detail).toContain('2030-01-01T00:00:10.000Z');
  });

  it.each(['2029-12-31T23:59:59Z', '2030-01-01T00:00:00Z', '2030-01-01T01:00:00+01:00'])(
    'is not made when that is over already: %s',
    async (expiresAt) => {
      await using api = await bootApi();
      const count = api.store.all('SELECT * FROM tokens').length;
      const { answer } = await create(api, { name: 'x', role: 'viewer', expiresAt });
      expect([answer.status, answer.body.code]).toEqual([400, 'invalid_request']);
      expect(answer.body.errors).toMatchObject([{ in: 'body', path: 'expiresAt' }]);
      expect(api.store.all('SELECT * FROM tokens')).toHaveLength(count);
    },
  );
});

describe('revoking a token', () => {
  it('closes it at once, and takes it off the list', async () => {
    await using api = await bootApi();
    const { id, token } = await create(api, { name: 'x', role: 'viewer' });
    expect((await api.delete(`${TOKENS}/${id}`)).status).toBe(204);
    expect((await api.get(DATABASES, { token })).status).toBe(401);
    expect((await api.get(`${TOKENS}?limit=100`)).text).not.toContain(id);
  });

  it('can be done once', async () => {
    await using api = await bootApi();
    const { id } = await create(api, { name: 'x', role: 'viewer' });
    expect((await api.delete(`${TOKENS}/${id}`)).status).toBe(204);
    const again = await api.delete(`${TOKENS}/${id}`);
    expect([again.status, again.body.title]).toEqual([404, 'token not found']);
    const { body } = await api.get('/api/orgs/acme/audit');
    expect((body.data as { action: string }[]).map(({ action }) => action)).toEqual([
      'token.revoke',
      'token.create',
    ]);
  });

  it('is for tokens of at most one’s own role', async () => {
    await using api = await bootApi();
    const owner = issueToken(api.store, { org: 'acme', role: 'owner' });
    const { admin } = api.tokens.acme.org;
    const answer = await api.delete(`${TOKENS}/${owner.id}`, { token: admin });
    expect([answer.status, answer.body.title]).toEqual([403, 'forbidden']);
    expect((await api.get(DATABASES, { token: owner.token })).status).toBe(200);
  });

  it.each(['0unknown', 'operator'])('finds no token %s', async (id) => {
    await using api = await bootApi();
    for (const token of [api.tokens.acme.org.owner, api.tokens.operator]) {
      const answer = await api.delete(`${TOKENS}/${id}`, { token });
      expect([answer.status, answer.body.title]).toEqual([404, 'token not found']);
    }
  });

  it('finds no token of another org', async () => {
    await using api = await bootApi();
    const { id, token } = issueToken(api.store, { org: 'globex', role: 'viewer' });
    expect((await api.delete(`${TOKENS}/${id}`)).body.title).toBe('token not found');
    expect((await api.get('/api/orgs/globex/apps/web/databases', { token })).status).toBe(200);
  });

  it('can be done to the very token that asks', async () => {
    await using api = await bootApi();
    const { id, token } = issueToken(api.store, { org: 'acme', role: 'admin' });
    expect((await api.delete(`${TOKENS}/${id}`, { token })).status).toBe(204);
    expect((await api.delete(`${TOKENS}/${id}`, { token })).status).toBe(401);
  });
});

describe('tokens', () => {
  it('are audited by their id, with name and role, never with the secret', async () => {
    await using api = await bootApi();
    const { id } = await create(api, { name: 'ci', role: 'deploy', app: 'web' });
    await api.delete(`${TOKENS}/${id}`);
    const { body } = await api.get('/api/orgs/acme/audit');
    expect(body.data).toMatchObject([
      { action: 'token.revoke', target: id, detail: { name: 'ci', role: 'deploy' } },
      { action: 'token.create', target: id, detail: { name: 'ci', role: 'deploy', app: 'web' } },
    ]);
  });

  it('show when they were used last', async () => {
    await using api = await bootApi();
    const { id, token } = await create(api, { name: 'x', role: 'viewer' });
    api.clock.advance(5000);
    await api.get(DATABASES, { token });
    const { body } = await api.get(`${TOKENS}?limit=100`);
    const tokens = body.data as { id: string; lastUsedAt: string }[];
    expect(tokens.find((each) => each.id === id)?.lastUsedAt).toBe('2030-01-01T00:00:05.000Z');
  });
});
