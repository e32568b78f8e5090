import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Installation } from './daemon-fixture.js';
import { restore } from './restore.js';
import { until } from './until.js';

jest.setTimeout(180_000);

const here = new Installation();
let databases: string;

beforeAll(async () => {
  await here.start();
  databases = `${await here.createApp()}/databases`;
  for (const name of ['main', 'copy']) {
    expect((await here.call('PUT', `${databases}/${name}`, { body: {}, waitS: 60 })).status).toBe(201);
  }
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
  const sql = `SELECT application_name FROM pg_stat_activity WHERE application_name LIKE 'paasdb-dump-%'`;
  return (await here.query(directDsn, sql)).length;
};

it('is an archive of all that the database holds', async () => {
  const response = await begin();
  expect(response.status).toBe(200);
  const file = join(here.dataDir, 'export.dump');
  writeFileSync(file, Buffer.from(await response.arrayBuffer()));
  const { body } = await here.call('GET', `${databases}/copy`);
  await restore(here.docker.getContainer(body.directHost), file);
  const { directDsn } = await here.reveal(`${databases}/copy`);
  expect(await here.query(directDsn, 'SELECT count(*)::int AS rows FROM kept')).toEqual([{ rows: 300_000 }]);
});

it('ends in PostgreSQL too when its reader goes away', async () => {
  const gone = new AbortController();
  const response = await begin(gone.signal);
  expect(response.status).toBe(200);
  expect(await dumps()).toBeGreaterThan(0);
  gone.abort();
  await until(async () => (await dumps()) === 0, 20_000);
  expect(here.log).not.toContain('a request failed');
});
