import { Installation } from './daemon-fixture.js';
import { until } from './until.js';

jest.setTimeout(180_000);

const here = new Installation();
let databases: string;

beforeAll(async () => {
  await here.start();
  databases = `${await here.createApp()}/databases`;
  expect((await here.call('PUT', `${databases}/main`, { body: {}, waitS: 60 })).status).toBe(201);
  await here.query(
    (await here.reveal(`${databases}/main`)).directDsn,
    `CREATE TABLE kept AS SELECT i AS id, md5(i::text) || md5((-i)::text) AS text FROM generate_series(1, 300000) i`,
  );
});
afterAll(() => here[Symbol.asyncDispose]());

const begin = (signal?: AbortSignal) =>
  fetch(`${here.url}${databases}/main/export`, {
    headers: { Authorization: `Bearer ${here.operatorToken}` },
    ...(signal && { signal }),
  });

const dumps = async () => {
  const { directDsn } = await here.reveal(`${databases}/main`);
  const sql = `SELECT application_name FROM pg_stat_activity WHERE application_name = 'paasdb-dump'`;
  return (await here.query(directDsn, sql)).length;
};

it('an export ends in PostgreSQL too when its reader goes away', async () => {
  const gone = new AbortController();
  const response = await begin(gone.signal);
  expect(response.status).toBe(200);
  expect(await dumps()).toBeGreaterThan(0);
  gone.abort();
  await until(async () => (await dumps()) === 0, 20_000);
  expect(here.log).not.toContain('a request failed');
});
