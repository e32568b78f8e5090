import { fails, held } from '../provisioner/scripted-runtime.js';
import { bootApi, type BootedApi } from './boot-api.js';

const MAIN = '/api/orgs/acme/apps/web/databases/main';
const CHUNK = Buffer.alloc(1024 ** 2, 'x');

let api: BootedApi;
beforeEach(async () => {
  api = await bootApi();
  await api.readyDatabase();
});
afterEach(() => api[Symbol.asyncDispose]());

const begin = (signal?: AbortSignal) =>
  fetch(`${api.url}${MAIN}/export`, {
    headers: { Authorization: `Bearer ${api.tokens.acme.org.admin}` },
    ...(signal && { signal }),
  });

const until = async (condition: () => boolean) => {
  for (let tries = 0; !condition() && tries < 300; tries += 1) await new Promise((r) => setTimeout(r, 10));
  expect(condition()).toBe(true);
};

it('is the dump of now, with a telling name, and is audited', async () => {
  const { status, headers, text } = await api.get(`${MAIN}/export`);
  expect([status, text]).toEqual([200, Buffer.concat(api.runtime.archive).toString()]);
  expect(headers.get('content-disposition')).toMatch(
    /^attachment; filename="web-main-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ\.dump"$/,
  );
  const { body } = await api.get('/api/orgs/acme/audit');
  expect(body.data[0]).toMatchObject({ action: 'database.export' });
  expect((await api.get(`${MAIN}/operations`)).body.data).toHaveLength(1);
});

it('that only is asked about is not made', async () => {
  expect((await api.request('HEAD', `${MAIN}/export`)).status).toBe(200);
  expect(api.runtime.history.filter((call) => call.startsWith('dump'))).toEqual([]);
});

it('of a database that is not ready is refused', async () => {
  await api.delete(MAIN);
  expect(await api.get(`${MAIN}/export`)).toMatchObject({ status: 409, body: { code: 'database_deleting' } });
});

it('that fails at once says why', async () => {
  api.runtime.script('dump', fails('not_running', 'PostgreSQL does not run: restart the database'));
  expect(await api.get(`${MAIN}/export`)).toMatchObject({
    status: 503,
    body: { detail: 'PostgreSQL does not run: restart the database' },
  });
});

it('that fails under way is cut, and logged', async () => {
  let fail: () => void = () => undefined;
  jest.spyOn(api.runtime, 'dump').mockImplementation(async (_spec, consume) => {
    await consume(
      (async function* () {
        await Promise.resolve();
        yield Buffer.from('PGDMP');
      })(),
    );
    await new Promise<void>((resolve) => (fail = resolve));
    throw new Error('pg_dump ended with 1');
  });
  const response = await begin();
  expect(response.status).toBe(200);
  fail();
  await expect(response.text()).rejects.toThrow();
  expect(api.logger.messages('error')).toEqual(['a request failed']);
});

it('is stopped when its reader goes away', async () => {
  api.runtime.archive = [Buffer.from('PGDMP'), ...Array.from({ length: 64 }, () => CHUNK)];
  const gone = new AbortController();
  const response = await begin(gone.signal);
  expect(response.status).toBe(200);
  gone.abort();
  const [call] = api.runtime.calls.filter(({ verb }) => verb === 'dump');
  await until(() => call?.options.signal.aborted === true);
  expect(api.logger.messages('error')).toEqual([]);
});

it('is stopped when its reader goes away before it began', async () => {
  const { step, started, reason } = held();
  api.runtime.script('dump', step);
  const gone = new AbortController();
  const response = begin(gone.signal);
  await until(started);
  gone.abort();
  await expect(response).rejects.toThrow();
  await until(() => reason() !== undefined);
  expect(api.logger.messages('error')).toEqual([]);
});

it('is the only one of its database', async () => {
  const { step, release, started } = held();
  api.runtime.script('dump', step);
  const first = begin();
  await until(started);
  expect(await api.get(`${MAIN}/export`)).toMatchObject({
    status: 503,
    body: { detail: expect.stringContaining('of this database is under way') },
  });
  release();
  expect((await (await first).text()).slice(0, 5)).toBe('PGDMP');
  expect((await api.get(`${MAIN}/export`)).status).toBe(200);
});
