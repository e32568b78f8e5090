import { createHash } from 'node:crypto';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from 'pg';
import { Installation } from './daemon-fixture.js';
import { startElsewhere } from './elsewhere.js';
import { bringBack, hideFile } from './hide-file.js';
import { until } from './until.js';

jest.setTimeout(180_000);

interface BackupBody {
  id: string;
  status: string;
  sha256: string;
  sizeBytes: number;
  errorMessage: string | null;
}

const here = new Installation();
let database: string;
let client: Client;

beforeAll(async () => {
  await here.start();
  database = `${await here.createApp()}/databases/main`;
  expect((await here.call('PUT', database, { body: {}, waitS: 60 })).status).toBe(201);
  client = await here.connect((await here.reveal(database)).directDsn);
  await client.query(
    `CREATE TABLE kept AS SELECT i AS id, md5(i::text) || repeat('x', 100) AS text FROM generate_series(1, 300000) i`,
  );
});
afterAll(async () => {
  await client.end();
  await here[Symbol.asyncDispose]();
});

const files = (): string[] => {
  const folder = join(here.dataDir, 'backups', 'databases');
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name);
};

const create = (waitS?: number) =>
  here.call<BackupBody>('POST', `${database}/backups`, waitS === undefined ? {} : { waitS });

const reach = async (id: string, ...statuses: string[]): Promise<BackupBody> => {
  let last: BackupBody | undefined;
  await until(async () => {
    last = (await here.call<BackupBody>('GET', `${database}/backups/${id}`)).body;
    return statuses.includes(last.status);
  }, 90_000);
  if (!last) throw new Error('unreachable');
  return last;
};

async function download(id: string): Promise<Buffer> {
  const response = await fetch(`${here.url}${database}/backups/${id}/download`, {
    headers: { Authorization: `Bearer ${here.operatorToken}` },
  });
  expect(response.status).toBe(200);
  return Buffer.from(await response.arrayBuffer());
}

it('stores what the database holds, and hands it out byte for byte, for the pg_restore of anybody', async () => {
  const { status, body } = await create(60);
  expect([status, body.status]).toEqual([201, 'succeeded']);
  const archive = await download(body.id);
  expect(archive.subarray(0, 5).toString()).toBe('PGDMP');
  expect(archive.length).toBe(body.sizeBytes);
  expect(createHash('sha256').update(archive).digest('hex')).toBe(body.sha256);
  const file = join(here.dataDir, 'main.dump');
  writeFileSync(file, archive);
  const elsewhere = await startElsewhere(here);
  await elsewhere.restore(file);
  const sum = 'SELECT count(*)::int AS rows, sum(hashtextextended(k::text, 0)::numeric) FROM kept k';
  expect(await elsewhere.query(sum)).toEqual((await client.query(sum)).rows);
});

it('is made once, by a daemon that is killed in the middle of it', async () => {
  const { body } = await create();
  await until(() => files().some((name) => name.endsWith('.unfinished')), 30_000);
  here.kill();
  await here.exited();
  await here.start();
  await reach(body.id, 'succeeded');
  expect((await download(body.id)).length).toBeGreaterThan(1_000_000);
  expect(files().filter((name) => name.includes(body.id))).toHaveLength(2);
  expect(files().filter((name) => name.endsWith('.unfinished'))).toEqual([]);
});

it('fails with the reason where pg_dump cannot read, leaves no file, and the one before stays', async () => {
  const before = files();
  await client.query('CREATE TABLE damaged AS SELECT i FROM generate_series(1, 1000) i');
  const { rows } = await client.query<{ path: string }>(`SELECT pg_relation_filepath('damaged') AS path`);
  const { directHost } = (await here.call('GET', database)).body;
  hideFile(directHost, rows[0]?.path ?? '');
  const { body } = await create();
  const failed = await reach(body.id, 'failed');
  expect(failed.errorMessage).toMatch(/could not open file "base/);
  expect(files()).toEqual(before);
  bringBack(directHost, rows[0]?.path ?? '');
  await client.query('DROP TABLE damaged');
  expect((await create(60)).body.status).toBe('succeeded');
});

it('is given up with its database, and those before it stay', async () => {
  await client.query('CREATE TABLE held (x int)');
  await client.query('BEGIN');
  await client.query('LOCK TABLE held');
  const { body } = await create();
  await reach(body.id, 'running');
  const answer = await here.call('DELETE', `${database}?deleteVolume=true`);
  expect(answer.status).toBe(202);
  database = `${database.replace(/main$/, '')}${answer.body.id}`;
  const given = await reach(body.id, 'failed');
  expect(given.errorMessage).toBe('the database was deleted meanwhile');
  // The final one would wait for the lock too.
  await client.end();
  await until(async () => (await here.call('GET', database)).body.status === 'deleted', 60_000);
  const { body: list } = await here.call<{ data: BackupBody[] }>('GET', `${database}/backups`);
  const stored = list.data.filter(({ status }) => status === 'succeeded');
  expect(stored.length).toBeGreaterThanOrEqual(3);
  expect(stored[0]).toMatchObject({ kind: 'final', verifiedAt: expect.any(String) });
  expect(list.data.map(({ id }) => id)).toContain(given.id);
  for (const { id, sizeBytes } of stored) expect((await download(id)).length).toBe(sizeBytes);
});

it('goes with its files when it is deleted', async () => {
  const { body } = await here.call<{ data: BackupBody[] }>('GET', `${database}/backups`);
  for (const { id } of body.data) {
    expect((await here.call('DELETE', `${database}/backups/${id}`)).status).toBe(204);
  }
  await until(() => files().length === 0, 10_000);
});
