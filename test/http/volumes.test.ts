import { bootApi, issueToken } from './boot-api.js';

const DATABASES = '/api/orgs/acme/apps/web/databases';

describe('attaching a preserved volume', () => {
  it('makes a database of the version that wrote it, on the same volume, with a credential of its own', async () => {
    await using api = await bootApi();
    const volume = await api.preservedVolume('old', 16);
    const answer = await api.post(DATABASES, { name: 'again', fromVolume: volume });
    expect([answer.status, answer.body.engineVersion]).toEqual([202, '16']);
    const { id } = answer.body as { id: string };
    expect(id).not.toBe(volume);
    await api.settle();
    expect((await api.get(`${DATABASES}/again`)).body).toMatchObject({ id, status: 'ready' });
    // It holds somebody's data: the runtime must find it, not make an empty one in its place.
    expect(api.runtime.running.get(id)).toMatchObject({
      volumeId: volume,
      holdsData: true,
      engineVersion: 16,
    });
    expect(api.passwords).toHaveLength(2);
    expect(api.runtime.running.get(id)?.login.password).toBe(api.passwords[1]);
    expect((await api.get('/api/volumes', { token: api.tokens.operator })).body.data).toEqual([]);
  });

  it('works in another app of the org, and is audited', async () => {
    await using api = await bootApi();
    const volume = await api.preservedVolume();
    const { body } = await api.post('/api/orgs/acme/apps/shop/databases', {
      name: 'again',
      fromVolume: volume,
    });
    const audit = await api.get('/api/orgs/acme/audit');
    expect(audit.body.data[0]).toMatchObject({
      action: 'database.create',
      target: 'shop/again',
      detail: { databaseId: body.id, fromVolume: volume },
    });
  });

  it('of another app is not for a token of one app, which is not told that it exists', async () => {
    await using api = await bootApi();
    const fromVolume = await api.preservedVolume();
    const { token } = issueToken(api.store, { org: 'acme', app: 'shop', role: 'owner' });
    const shop = '/api/orgs/acme/apps/shop/databases';
    const answer = await api.post(shop, { name: 'again', fromVolume }, { token });
    const unknown = await api.post(shop, { name: 'again', fromVolume: '0unknown' }, { token });
    for (const { status, body } of [answer, unknown]) {
      expect([status, body.code]).toEqual([404, 'volume_not_found']);
    }
    const own = await api.post(
      DATABASES,
      { name: 'again', fromVolume },
      { token: api.tokens.acme.web.owner },
    );
    expect(own.status).toBe(202);
  });

  it('can be said with the version it has', async () => {
    await using api = await bootApi();
    const fromVolume = await api.preservedVolume('old', 16);
    expect((await api.post(DATABASES, { name: 'again', fromVolume, engineVersion: '16' })).status).toBe(202);
  });

  it('is for owners', async () => {
    await using api = await bootApi();
    const fromVolume = await api.preservedVolume();
    for (const role of ['member', 'admin'] as const) {
      const answer = await api.post(
        DATABASES,
        { name: 'again', fromVolume },
        { token: api.tokens.acme.org[role] },
      );
      expect([answer.status, answer.body.title]).toEqual([403, 'forbidden']);
      // Nor is it told whether a volume exists.
      const unknown = await api.post(
        DATABASES,
        { name: 'again', fromVolume: '0unknown' },
        { token: api.tokens.acme.org[role] },
      );
      expect(unknown.body.title).toBe('forbidden');
    }
    expect(
      (await api.post(DATABASES, { name: 'again', fromVolume }, { token: api.tokens.acme.web.owner })).status,
    ).toBe(202);
  });

  it('finds no volume of another org', async () => {
    await using api = await bootApi();
    const fromVolume = await api.preservedVolume();
    for (const token of [api.tokens.globex.org.owner, api.tokens.operator]) {
      const answer = await api.post(
        '/api/orgs/globex/apps/web/databases',
        { name: 'mine', fromVolume },
        { token },
      );
      expect([answer.status, answer.body.title]).toEqual([404, 'volume not found']);
    }
    expect((await api.get('/api/volumes', { token: api.tokens.operator })).body.data).toHaveLength(1);
  });

  it.each(['0unknown', '', '../x', `' OR 1=1 --`])('finds no volume %j', async (fromVolume) => {
    await using api = await bootApi();
    const answer = await api.post(DATABASES, { name: 'again', fromVolume });
    expect([answer.status, answer.body.title]).toEqual([404, 'volume not found']);
  });

  it('does not happen twice', async () => {
    await using api = await bootApi();
    const fromVolume = await api.preservedVolume();
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, n) => api.post(DATABASES, { name: `db-${n}`, fromVolume })),
    );
    const titles = answers.map(({ status, body }) => `${status} ${String(body.title ?? body.status)}`).sort();
    expect(titles).toEqual([
      '202 pending',
      ...Array.from({ length: 9 }, () => '409 volume is not preserved'),
    ]);
  });

  it('is refused for the volume of a live database', async () => {
    await using api = await bootApi();
    const fromVolume = await api.readyDatabase();
    const answer = await api.post(DATABASES, { name: 'thief', fromVolume });
    expect([answer.status, answer.body.title]).toEqual([409, 'volume is not preserved']);
  });

  it('is refused while its database is still being deleted', async () => {
    await using api = await bootApi();
    const fromVolume = await api.readyDatabase();
    await api.delete(`${DATABASES}/main`);
    const answer = await api.post(DATABASES, { name: 'thief', fromVolume });
    expect([answer.status, answer.body.title]).toEqual([409, 'volume is not preserved']);
  });

  it('is refused with another version, and leaves the volume preserved', async () => {
    await using api = await bootApi();
    const fromVolume = await api.preservedVolume('old', 16);
    const answer = await api.post(DATABASES, { name: 'again', fromVolume, engineVersion: 17 });
    expect([answer.status, answer.body.title]).toEqual([400, 'unsupported database version']);
    expect(answer.body.detail).toContain('PostgreSQL 16');
    expect((await api.post(DATABASES, { name: 'again', fromVolume })).status).toBe(202);
  });

  it('is refused when the version is no longer on offer', async () => {
    await using api = await bootApi();
    const fromVolume = await api.preservedVolume('old', 16);
    api.store.run('UPDATE volumes SET engine_version = 14');
    const answer = await api.post(DATABASES, { name: 'again', fromVolume });
    expect([answer.status, answer.body.title]).toEqual([400, 'unsupported database version']);
    expect(answer.body.detail).toContain('PAASDB_VERSIONS');
  });

  it('leaves the volume preserved when the name is taken', async () => {
    await using api = await bootApi();
    const fromVolume = await api.preservedVolume();
    await api.post(DATABASES, { name: 'main' });
    const answer = await api.post(DATABASES, { name: 'main', fromVolume });
    expect(answer.body.title).toBe('a database with this name already exists');
    expect((await api.get('/api/volumes', { token: api.tokens.operator })).body.data).toMatchObject([
      { id: fromVolume, state: 'preserved' },
    ]);
  });

  it('counts towards the quota', async () => {
    await using api = await bootApi({ plan: 'developer' });
    const fromVolume = await api.preservedVolume();
    await api.post(DATABASES, { name: 'main' });
    expect((await api.post(DATABASES, { name: 'again', fromVolume })).status).toBe(429);
    expect((await api.get('/api/volumes', { token: api.tokens.operator })).body.data).toHaveLength(1);
  });

  it('can be done again and again: delete, attach, delete', async () => {
    await using api = await bootApi();
    const volume = await api.preservedVolume();
    for (const name of ['one', 'two', 'three']) {
      expect((await api.post(DATABASES, { name, fromVolume: volume })).status).toBe(202);
      await api.settle();
      expect((await api.delete(`${DATABASES}/${name}`)).status).toBe(202);
      await api.settle();
      const { body } = await api.get('/api/volumes', { token: api.tokens.operator });
      expect(body.data).toMatchObject([{ id: volume, databaseName: name, state: 'preserved' }]);
    }
  });

  it('that fails and is deleted keeps the data', async () => {
    await using api = await bootApi();
    const volume = await api.preservedVolume();
    await api.post(DATABASES, { name: 'again', fromVolume: volume });
    await api.settle('no image');
    await api.delete(`${DATABASES}/again`);
    await api.settle();
    expect(api.runtime.volumes).toContain(volume);
    expect((await api.get('/api/volumes', { token: api.tokens.operator })).body.data).toMatchObject([
      { id: volume, state: 'preserved' },
    ]);
  });
});

describe('preserved volumes', () => {
  it('are listed for the operator, oldest first, with whose they were', async () => {
    await using api = await bootApi();
    const first = await api.preservedVolume('first', 16);
    api.clock.advance(1000);
    const second = await api.preservedVolume('second');
    const { body } = await api.get('/api/volumes', { token: api.tokens.operator });
    expect(body.data).toEqual([
      {
        id: first,
        org: 'acme',
        app: 'web',
        databaseName: 'first',
        databaseId: first,
        engineVersion: '16',
        state: 'preserved',
        createdAt: '2030-01-01T00:00:00.000Z',
        preservedAt: '2030-01-01T00:00:00.000Z',
      },
      expect.objectContaining({ id: second, preservedAt: '2030-01-01T00:00:01.000Z' }),
    ]);
  });

  it('outlive their app', async () => {
    await using api = await bootApi();
    const id = await api.preservedVolume();
    await api.delete('/api/orgs/acme/apps/web');
    expect((await api.get('/api/volumes', { token: api.tokens.operator })).body.data).toMatchObject([
      { id, app: 'web' },
    ]);
    const answer = await api.post('/api/orgs/acme/apps/shop/databases', { name: 'saved', fromVolume: id });
    expect(answer.status).toBe(202);
  });

  it('are purged for good', async () => {
    await using api = await bootApi();
    const id = await api.preservedVolume();
    const { operator: token } = api.tokens;
    const answer = await api.delete(`/api/volumes/${id}`, { token });
    expect([answer.status, answer.body.id, answer.body.state]).toEqual([202, id, 'purging']);
    expect(api.runtime.volumes).toContain(id);
    expect((await api.get('/api/volumes', { token })).body.data).toEqual([answer.body]);
    const location = answer.headers.get('location') ?? '';
    expect(location).toBe(`/api/volumes/${id}`);
    expect((await api.get(location, { token })).body).toEqual(answer.body);
    await api.settle();
    expect(api.runtime.volumes.size).toBe(0);
    expect((await api.get('/api/volumes', { token })).body.data).toEqual([]);
    expect((await api.get(location, { token })).body).toMatchObject({ id, state: 'purged' });
    const again = await api.delete(`/api/volumes/${id}`, { token });
    expect([again.status, again.body.title]).toEqual([404, 'volume not found']);
    expect((await api.post(DATABASES, { name: 'late', fromVolume: id })).body.title).toBe('volume not found');
  });

  it('are purged or attached, never both', async () => {
    await using api = await bootApi();
    const id = await api.preservedVolume();
    const { operator: token } = api.tokens;
    await api.delete(`/api/volumes/${id}`, { token });
    const attach = await api.post(DATABASES, { name: 'again', fromVolume: id });
    expect([attach.status, attach.body.title]).toEqual([409, 'volume is not preserved']);
  });

  it('are purged once, however often that is asked for, and audited in the org whose they were', async () => {
    await using api = await bootApi();
    const id = await api.preservedVolume();
    const { operator: token } = api.tokens;
    const first = await api.delete(`/api/volumes/${id}`, { token });
    const again = await api.delete(`/api/volumes/${id}`, { token });
    expect([again.status, again.body]).toEqual([202, first.body]);
    await api.settle();
    expect(api.runtime.history.filter((call) => call.startsWith('destroyVolume'))).toHaveLength(1);
    const { body } = await api.get('/api/orgs/acme/audit');
    const purges = (body.data as { action: string }[]).filter(({ action }) => action.includes('purge'));
    expect(purges).toMatchObject([
      { action: 'operation.purge.succeeded' },
      { action: 'volume.purge', target: id, actor: 'operator', detail: { app: 'web', database: 'old' } },
    ]);
  });

  it.each(['main', 'attached'])('are all that can be purged: not the volume of a live database', async () => {
    await using api = await bootApi();
    const id = await api.readyDatabase();
    const answer = await api.delete(`/api/volumes/${id}`, { token: api.tokens.operator });
    expect([answer.status, answer.body.title]).toEqual([409, 'volume is not preserved']);
    await api.settle();
    expect(api.runtime.volumes).toContain(id);
  });

  it('that do not exist are not found', async () => {
    await using api = await bootApi();
    const answer = await api.delete('/api/volumes/0unknown', { token: api.tokens.operator });
    expect([answer.status, answer.body.title]).toEqual([404, 'volume not found']);
    const read = await api.get('/api/volumes/0unknown', { token: api.tokens.operator });
    expect([read.status, read.body.title]).toEqual([404, 'volume not found']);
  });

  it('can be read one by one, as the attached ones can', async () => {
    await using api = await bootApi();
    const { operator: token } = api.tokens;
    const preserved = await api.preservedVolume();
    const attached = await api.readyDatabase();
    expect((await api.get(`/api/volumes/${preserved}`, { token })).body).toMatchObject({
      state: 'preserved',
    });
    expect((await api.get(`/api/volumes/${attached}`, { token })).body).toMatchObject({
      id: attached,
      state: 'attached',
    });
  });
});
