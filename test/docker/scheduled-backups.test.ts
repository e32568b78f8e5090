import Sqlite from 'better-sqlite3';
import { join } from 'node:path';
import { Installation } from './daemon-fixture.js';
import { bringBack, hideFile } from './hide-file.js';
import { until } from './until.js';

jest.setTimeout(180_000);

interface BackupBody {
  id: string;
  kind: string;
  status: string;
  sizeBytes: number;
  createdAt: string;
  expiresAt: string | null;
  errorMessage: string | null;
}

interface ScheduledBody {
  nextBackupAt: string | null;
  lastBackupAt: string | null;
}

const here = new Installation();
const start = (environment: Record<string, string> = {}) =>
  here.start({ PAASDB_BACKUP_VERIFY: 'none', ...environment });
let databases: string;

beforeAll(async () => {
  await start();
  databases = `${await here.createApp()}/databases`;
  for (const name of ['main', 'hidden']) {
    expect((await here.call('PUT', `${databases}/${name}`, { body: {}, waitS: 60 })).status).toBe(201);
    const { directDsn } = await here.reveal(`${databases}/${name}`);
    await here.query(directDsn, `CREATE TABLE kept AS SELECT generate_series(1, 1000) AS i`);
  }
});
afterAll(() => here[Symbol.asyncDispose]());

const backupsOf = async (database: string) =>
  (await here.call<{ data: BackupBody[] }>('GET', `${databases}/${database}/backups`)).body.data;
const scheduleOf = async (database: string) =>
  (await here.call<ScheduledBody>('GET', `${databases}/${database}`)).body;

/** As if it had been decided long ago. */
function setDue(database: string, at: string): void {
  const sql = new Sqlite(join(here.dataDir, 'paasdb.sqlite'));
  sql.prepare('UPDATE databases SET next_backup_at = ? WHERE name = ?').run(at, database);
  sql.close();
}

async function download(database: string, id: string): Promise<Buffer> {
  const response = await fetch(`${here.url}${databases}/${database}/backups/${id}/download`, {
    headers: { Authorization: `Bearer ${here.operatorToken}` },
  });
  expect(response.status).toBe(200);
  return Buffer.from(await response.arrayBuffer());
}

it('makes up for what fell due while no daemon ran, once, and then goes by the schedule', async () => {
  await until(async () => (await scheduleOf('main')).nextBackupAt !== null, 30_000);
  expect(await here.stop()).toBe(0);
  setDue('main', '2020-01-01T03:00:00.000Z');
  await start();
  await until(async () => (await backupsOf('main'))[0]?.status === 'succeeded', 60_000);
  const { nextBackupAt, lastBackupAt } = await scheduleOf('main');
  expect(Date.parse(nextBackupAt ?? '')).toBeGreaterThan(Date.now());
  expect(lastBackupAt).not.toBeNull();
  await here.stop();
  await start({ PAASDB_BACKUP_SCHEDULE: '0 4 1 1 *' });
  expect((await scheduleOf('main')).nextBackupAt).toMatch(/^\d{4}-01-01T04:/);
  const [backup, ...others] = await backupsOf('main');
  expect(others).toEqual([]);
  expect(backup?.kind).toBe('scheduled');
  // Of PAASDB_BACKUP_RETENTION_DAYS, which nobody has set.
  expect(Date.parse(backup?.expiresAt ?? '') - Date.parse(backup?.createdAt ?? '')).toBe(7 * 86_400_000);
  expect((await download('main', backup?.id ?? '')).subarray(0, 5).toString()).toBe('PGDMP');
});

it('runs when its time comes while a daemon runs', async () => {
  const before = (await backupsOf('main')).length;
  setDue('main', new Date().toISOString());
  await until(async () => {
    const [newest, ...others] = await backupsOf('main');
    return others.length === before && newest?.status === 'succeeded';
  }, 60_000);
  expect((await scheduleOf('main')).nextBackupAt).toMatch(/^\d{4}-01-01T04:/);
});

it('keeps the volume when the final backup fails, and the data with it', async () => {
  const { directDsn } = await here.reveal(`${databases}/hidden`);
  const file = `SELECT pg_relation_filepath('kept') AS path`;
  const path = (await here.query<{ path: string }>(directDsn, file))[0]?.path ?? '';
  hideFile((await here.call('GET', `${databases}/hidden`)).body.directHost, path);
  const answer = await here.call('DELETE', `${databases}/hidden?deleteVolume=true`, { waitS: 60 });
  expect([answer.status, answer.body.status]).toEqual([200, 'deleted']);
  const { id } = answer.body;
  expect((await backupsOf(id))[0]).toMatchObject({ kind: 'final', status: 'failed' });
  const { body } = await here.call<{ data: { kind: string; result: object }[] }>(
    'GET',
    `${databases}/${id}/operations`,
  );
  expect(body.data[0]).toMatchObject({ kind: 'remove', result: { volume: 'preserved' } });
  const { volumes } = await here.resources();
  expect(volumes.some((name) => name.includes(id))).toBe(true);
  const again = { name: 'again', fromVolume: id };
  expect((await here.call('POST', databases, { body: again, waitS: 60 })).status).toBe(201);
  const dsn = (await here.reveal(`${databases}/again`)).directDsn;
  bringBack((await here.call('GET', `${databases}/again`)).body.directHost, path);
  expect(await here.query(dsn, 'SELECT count(*)::int AS rows FROM kept')).toEqual([{ rows: 1000 }]);
});

it('makes a final backup before it destroys the volume', async () => {
  const answer = await here.call('DELETE', `${databases}/main?deleteVolume=true`, { waitS: 60 });
  expect([answer.status, answer.body.status]).toEqual([200, 'deleted']);
  const { id } = answer.body;
  const [backup] = await backupsOf(id);
  expect(backup).toMatchObject({ kind: 'final', status: 'succeeded' });
  expect((await download(id, backup?.id ?? '')).length).toBe(backup?.sizeBytes);
  const { volumes } = await here.resources();
  expect(volumes.filter((name) => name.includes(id))).toEqual([]);
});
