import { execFile } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { Installation } from './daemon-fixture.js';
import { until } from './until.js';

jest.setTimeout(240_000);

interface OperationBody {
  id: string;
  databaseId: string;
  status: string;
  errorMessage: string | null;
  result: Record<string, unknown> | null;
}

const ROWS = 100_000;
const here = new Installation();
let databases: string;
const main = () => `${databases}/main`;

beforeAll(async () => {
  await here.start();
  databases = `${await here.createApp()}/databases`;
  expect((await here.call('PUT', main(), { body: {}, waitS: 60 })).status).toBe(201);
  await here.query(
    await dsn('main'),
    `CREATE TABLE kept AS SELECT i AS id, md5(i::text) AS text FROM generate_series(1, ${ROWS}) i`,
  );
});
afterAll(() => here[Symbol.asyncDispose]());

const dsn = async (name: string) => (await here.reveal(`${databases}/${name}`)).directDsn;
const rows = async (name: string, table = 'kept') =>
  (await here.query<{ rows: number }>(await dsn(name), `SELECT count(*)::int AS rows FROM ${table}`))[0]
    ?.rows;
const make = async (name: string) =>
  expect((await here.call('PUT', `${databases}/${name}`, { body: {}, waitS: 60 })).status).toBe(201);
const incoming = () => {
  const folder = join(here.dataDir, 'backups', 'incoming');
  return existsSync(folder) ? readdirSync(folder) : [];
};
const done = async (operation: OperationBody): Promise<OperationBody> => {
  let last = operation;
  await until(async () => {
    const path = `${databases}/${operation.databaseId}/operations/${operation.id}`;
    last = (await here.call<OperationBody>('GET', path)).body;
    return last.status === 'succeeded' || last.status === 'failed';
  }, 120_000);
  return last;
};
const upload = async (name: string, file: string, query = ''): Promise<OperationBody> => {
  const { stdout } = await promisify(execFile)('curl', [
    '-sS',
    '-X',
    'POST',
    '-T',
    file,
    '-H',
    `Authorization: Bearer ${here.operatorToken}`,
    `${here.url}${databases}/${name}/import${query}`,
  ]);
  return JSON.parse(stdout) as OperationBody;
};
const file = (content: string | Buffer) => {
  const path = join(here.dataDir, 'upload');
  writeFileSync(path, content);
  return path;
};
const exported = async (name: string): Promise<Buffer> => {
  const response = await fetch(`${here.url}${databases}/${name}/export`, {
    headers: { Authorization: `Bearer ${here.operatorToken}` },
  });
  return Buffer.from(await response.arrayBuffer());
};

it('imports what was exported, as an archive and gzipped', async () => {
  await make('archive');
  const asked = await upload('archive', file(gzipSync(await exported('main'))));
  expect(await done(asked)).toMatchObject({ status: 'succeeded', errorMessage: null });
  expect(await rows('archive')).toBe(ROWS);
  await until(() => incoming().length === 0, 10_000);
});

it('imports SQL, refuses to mix it with what is there, and replaces that when told to', async () => {
  await make('sql');
  const sql = 'CREATE TABLE kept (id int);\nINSERT INTO kept SELECT generate_series(1, 7);\n';
  expect(await done(await upload('sql', file(sql)))).toMatchObject({ status: 'succeeded' });
  expect(await rows('sql')).toBe(7);
  expect(await upload('sql', file(gzipSync(sql)))).toMatchObject({
    code: 'database_not_empty',
    detail: expect.stringContaining('clean=true'),
  });
  const broken = await done(await upload('sql', file(`${sql}SELECT nonsense;\n`), '?clean=true'));
  expect(broken.status).toBe('failed');
  expect(await rows('sql')).toBe(7);
  const cleaned = await done(await upload('sql', file(sql.replace('7', '9')), '?clean=true'));
  expect(cleaned).toMatchObject({ status: 'succeeded' });
  expect(await rows('sql')).toBe(9);
  await until(() => incoming().length === 0, 10_000);
});

it('refuses servers that are not the internet’s', async () => {
  for (const host of ['127.0.0.1', 'localhost', '169.254.169.254', '2130706433']) {
    const { status, body } = await here.call<{ detail: string }>('POST', `${main()}/import`, {
      body: { sourceUrl: `postgresql://u:p@${host}/d` },
    });
    expect([host, status]).toEqual([host, 400]);
    expect(body.detail).toMatch(/PAASDB_IMPORT_ALLOW/);
  }
});
