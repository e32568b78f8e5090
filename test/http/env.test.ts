import { bootApi, type BootedApi } from './boot-api.js';

const DATABASES = '/api/orgs/acme/apps/web/databases';
const ENV = '/api/orgs/acme/apps/web/env';

const audited = async (api: BootedApi) =>
  ((await api.get('/api/orgs/acme/audit')).body.data as { action: string }[])
    .map(({ action }) => action)
    .reverse();

describe('reading the environment of an app', () => {
  it('is empty before there is a database that was ready', async () => {
    await using api = await bootApi();
    expect((await api.get(ENV)).body).toEqual({});
    await api.post(DATABASES, { name: 'main' });
    expect((await api.get(ENV)).body).toEqual({});
    await api.settle('no image');
    expect((await api.get(ENV)).body).toEqual({});
  });

  it('has the URLs of main without a prefix, and of the others with theirs', async () => {
    await using api = await bootApi();
    const main = await api.readyDatabase('main');
    const other = await api.readyDatabase('read-model');
    const [one, two] = api.passwords;
    expect((await api.get(ENV, { token: api.tokens.acme.web.deploy })).body).toEqual({
      DATABASE_URL: `postgresql://app:${one}@paas-pgbouncer-${main}:6432/app`,
      DATABASE_DIRECT_URL: `postgresql://app:${one}@paas-db-${main}:5432/app`,
      READ_MODEL_DATABASE_URL: `postgresql://app:${two}@paas-pgbouncer-${other}:6432/app`,
      READ_MODEL_DATABASE_DIRECT_URL: `postgresql://app:${two}@paas-db-${other}:5432/app`,
    });
  });

  it('has nothing of another app', async () => {
    await using api = await bootApi();
    await api.readyDatabase();
    expect((await api.get('/api/orgs/acme/apps/shop/env')).body).toEqual({});
  });

  it('keeps the URLs of a database that failed later, and not of one that is being deleted', async () => {
    await using api = await bootApi();
    await api.readyDatabase();
    await api.post(`${DATABASES}/main/restart`);
    await api.settle('it does not come up');
    expect((await api.get(ENV)).body).toHaveProperty('DATABASE_URL');
    await api.delete(`${DATABASES}/main`);
    expect((await api.get(ENV)).body).toEqual({});
  });

  it.each([
    ['text/plain', true],
    ['text/*', true],
    ['text/plain, application/json;q=0.5', true],
    ['application/json', false],
    ['*/*', false],
    ['text/plain;q=0.5, application/json', false],
    ['image/png', false],
  ])('with Accept: %s is dotenv: %s', async (accept, dotenv) => {
    await using api = await bootApi();
    const id = await api.readyDatabase();
    const answer = await api.get(ENV, { headers: { Accept: accept } });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toMatch(dotenv ? /^text\/plain/ : /^application\/json/);
    if (dotenv) {
      const [password] = api.passwords;
      expect(answer.text).toBe(
        `DATABASE_URL=postgresql://app:${password}@paas-pgbouncer-${id}:6432/app\n` +
          `DATABASE_DIRECT_URL=postgresql://app:${password}@paas-db-${id}:5432/app\n`,
      );
    }
  });

  it('is audited every time, without the URLs', async () => {
    await using api = await bootApi();
    await api.readyDatabase();
    await api.get(ENV);
    await api.get(ENV, { token: api.tokens.acme.web.deploy });
    expect((await audited(api)).filter((action) => action === 'env.read')).toHaveLength(2);
    expect((await api.get('/api/orgs/acme/audit')).text).not.toContain(api.passwords[0]);
  });
});

describe('ensuring the environment of an app', () => {
  /** Asks, and lets the provisioner work once the request waits for it. */
  async function ensure(api: BootedApi, failure?: string, headers?: Record<string, string>) {
    api.nudge.mockImplementationOnce(() => setImmediate(() => void api.settle(failure)));
    return api.post(ENV, undefined, { token: api.tokens.acme.web.deploy, ...(headers && { headers }) });
  }

  it('creates main, waits until it is ready, and gives the variables', async () => {
    await using api = await bootApi();
    const answer = await ensure(api);
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      DATABASE_URL: expect.stringContaining(':6432/app'),
      DATABASE_DIRECT_URL: expect.stringContaining(':5432/app'),
    });
    expect(await audited(api)).toEqual(['database.create', 'env.read', 'operation.provision.succeeded']);
  });

  it('gives them as dotenv', async () => {
    await using api = await bootApi();
    const answer = await ensure(api, undefined, { Accept: 'text/plain' });
    expect(answer.text).toMatch(
      /^DATABASE_URL=postgresql:\/\/\S+\nDATABASE_DIRECT_URL=postgresql:\/\/\S+\n$/,
    );
  });

  it('answers at once when main is there', async () => {
    await using api = await bootApi();
    await api.readyDatabase();
    expect((await api.post(ENV)).status).toBe(200);
    expect((await api.post(ENV)).body).toEqual((await api.get(ENV)).body);
  });

  it('does not wait for the repair of a main that was ready before, but has it begin', async () => {
    await using api = await bootApi();
    await api.readyDatabase();
    await api.post(`${DATABASES}/main/restart`);
    await api.settle('it does not come up');
    api.nudge.mockClear();
    expect((await api.post(ENV)).body).toHaveProperty('DATABASE_URL');
    expect((await api.get(`${DATABASES}/main/operations`)).body.data[0]).toMatchObject({
      kind: 'repair',
      status: 'queued',
    });
    expect(api.nudge).toHaveBeenCalledTimes(1);
  });

  it('says why when main cannot be made ready, and tries again when asked again', async () => {
    await using api = await bootApi();
    const answer = await ensure(api, 'the image postgres:18-alpine cannot be pulled');
    expect([answer.status, answer.body.title]).toEqual([503, 'database could not be made ready']);
    expect(answer.body.detail).toBe('the image postgres:18-alpine cannot be pulled');
    expect((await ensure(api)).status).toBe(200);
  });

  it('says that it takes longer than one waits', async () => {
    const waited: number[] = [];
    await using api = await bootApi({
      deps: {
        waitForOperation: (_, timeoutMs) => {
          waited.push(timeoutMs);
          return Promise.resolve();
        },
      },
    });
    const answer = await api.post(ENV);
    expect([answer.status, answer.body.title]).toEqual([409, 'database is not ready']);
    await api.post(ENV, undefined, { headers: { Prefer: 'wait=5' } });
    await api.post(ENV, undefined, { headers: { Prefer: 'wait=3600' } });
    expect(waited).toEqual([60_000, 5000, 60_000]);
    expect((await api.get(`${DATABASES}/main/operations`)).body.data).toHaveLength(1);
  });

  it('does not wait when told not to', async () => {
    await using api = await bootApi();
    const answer = await api.post(ENV, undefined, { headers: { Prefer: 'wait=0' } });
    expect([answer.status, answer.body.title]).toEqual([409, 'database is not ready']);
  });

  it('says so when main is deleted meanwhile', async () => {
    await using api = await bootApi();
    api.nudge.mockImplementationOnce(() => {
      setImmediate(() => {
        void api
          .delete(`${DATABASES}/main`)
          .then(() => api.settle())
          .then(() => {
            for (const { id } of api.store.all<{ id: string }>('SELECT id FROM operations'))
              api.waiters.notify(id);
          });
      });
    });
    const answer = await api.post(ENV);
    expect([answer.status, answer.body.title]).toEqual([503, 'database could not be made ready']);
    expect(answer.body.detail).toBe('main was deleted meanwhile');
  });

  it('is refused while main is being deleted', async () => {
    await using api = await bootApi();
    await api.readyDatabase();
    await api.delete(`${DATABASES}/main`);
    expect((await api.post(ENV)).body.title).toBe('database is being deleted');
  });
});
