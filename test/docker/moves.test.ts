import { execFile } from 'node:child_process';
import { createReadStream, createWriteStream, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { temporaryFolder } from '../temporary-folder.js';
import { Installation } from './daemon-fixture.js';
import { startElsewhere, type Elsewhere } from './elsewhere.js';
import { NEWEST } from './engine-fixture.js';
import { HOST_ADDRESS } from './source-server.js';
import { until } from './until.js';

jest.setTimeout(300_000);

const run = promisify(execFile);
const folder = temporaryFolder();
const here = new Installation();
let databases: string;
let elsewhere: Elsewhere;

interface OperationBody {
  id: string;
  databaseId: string;
  status: string;
  errorMessage: string | null;
  progress: { step: string } | null;
  result: {
    tables: { schema: string; name: string; rows: number }[];
    skipped: { what: string; reason: string }[];
    interruptedMs: number;
    previous: { database: string } | null;
    source?: { compared: boolean; differences: string[] };
  };
}

interface BackupBody {
  id: string;
  status: string;
  verifiedAt: string | null;
  verification: { status: string; errorMessage: string | null } | null;
}

beforeAll(async () => {
  await here.start({ PAASDB_BACKUP_VERIFY: 'all', PAASDB_IMPORT_ALLOW: HOST_ADDRESS });
  databases = `${await here.createApp()}/databases`;
  [elsewhere] = await Promise.all([startElsewhere(here), create('main')]);
  const { directHost } = await here.reach(`${databases}/main`, 'ready');
  await typeSql(directHost, readFileSync('test/docker/shop.sql', 'utf8'));
});
afterAll(async () => {
  await here[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

async function create(name: string): Promise<void> {
  const body = { name, engineVersion: String(NEWEST) };
  const answer = await here.call('POST', databases, { body, waitS: 60 });
  if (answer.status !== 201) throw new Error(JSON.stringify(answer.body));
}

/** Has psql run SQL as the app. */
async function typeSql(container: string, sql: string): Promise<void> {
  const argv = [
    'exec',
    '-i',
    container,
    'psql',
    '-q',
    '-v',
    'ON_ERROR_STOP=1',
    '-o',
    '/dev/null',
    '-U',
    'app',
    '-d',
    'app',
  ];
  const child = run('docker', argv, { maxBuffer: 1e8 });
  child.child.stdin?.end(sql);
  await child;
}

async function settled(path: string): Promise<OperationBody> {
  let last: OperationBody | undefined;
  await until(async () => {
    last = (await here.call<OperationBody>('GET', path)).body;
    return last.status === 'succeeded' || last.status === 'failed';
  }, 180_000);
  if (!last) throw new Error('unreachable');
  return last;
}

/** Queues something, and waits for its operation. */
async function ask(path: string, body: object): Promise<OperationBody> {
  const answer = await here.call<OperationBody>('POST', path, { body });
  expect([answer.status, answer.body]).toEqual([202, expect.anything()]);
  const database = `${databases}/${answer.body.databaseId}`;
  return settled(`${database}/operations/${answer.body.id}`);
}

async function upload(path: string, file: string): Promise<{ status: number; body: OperationBody }> {
  const response = await fetch(here.url + path, {
    method: 'POST',
    headers: { Authorization: `Bearer ${here.operatorToken}`, 'Content-Type': 'application/octet-stream' },
    body: Readable.toWeb(createReadStream(file)) as ReadableStream,
    ...({ duplex: 'half' } as object),
  });
  return { status: response.status, body: (await response.json()) as OperationBody };
}

async function importFile(name: string, file: string): Promise<OperationBody> {
  const { status, body } = await upload(`${databases}/${name}/import?clean=true`, file);
  expect([status, body]).toEqual([202, expect.anything()]);
  return settled(`${databases}/${name}/operations/${body.id}`);
}

const HASHES = `
  SELECT format('SELECT %L, count(*), sum(hashtextextended(t::text, 0)::numeric) FROM ONLY %s t', c.oid::regclass, c.oid::regclass)
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE relkind IN ('r', 'm') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  UNION ALL SELECT $$SELECT 'large objects', count(*), sum(hashtextextended(lo_get(oid)::text, 0)::numeric) FROM pg_largeobject_metadata$$
  UNION ALL SELECT $$SELECT 'sequences', count(*), sum(last_value) FROM pg_sequences$$`;

/** All that a PostgreSQL holds: its schema as pg_dump prints it, and a hash of the rows of each table. */
async function fingerprint(container: string, database: string, ...options: string[]): Promise<string> {
  const inside = async (...argv: string[]) =>
    (await run('docker', ['exec', '-u', 'postgres', container, ...argv], { maxBuffer: 1e8 })).stdout;
  const schema = await inside('pg_dump', '-s', ...options, database);
  const hashes = await inside(
    'sh',
    '-c',
    'psql -X -At -v ON_ERROR_STOP=1 -d "$1" -c "$2" | sed "s/$/;/" | psql -X -At -v ON_ERROR_STOP=1 -d "$1" -f -',
    'sh',
    database,
    HASHES,
  );
  // Every dump has a key of its own in these.
  return `${schema.replaceAll(/^\\(un)?restrict .*$/gm, '')}\n${hashes.split('\n').sort().join('\n')}`;
}

async function hostOf(name: string): Promise<string> {
  return (await here.call('GET', `${databases}/${name}`)).body.directHost;
}

let backup: BackupBody;

it('is backed up, and proven by a restore that nobody sees', async () => {
  const { body } = await here.call<BackupBody>('POST', `${databases}/main/backups`);
  await until(async () => {
    backup = (await here.call<BackupBody>('GET', `${databases}/main/backups/${body.id}`)).body;
    // That it was proven is noted just before its verification is through.
    const ended = backup.verification?.status ?? 'queued';
    return backup.status === 'failed' || ended === 'succeeded' || ended === 'failed';
  }, 180_000);
  expect(backup).toMatchObject({
    status: 'succeeded',
    verification: { status: 'succeeded', errorMessage: null },
  });
});

it('is restored into a new database, the same to the last row', async () => {
  const operation = await ask(`${databases}/main/restore`, { backupId: backup.id, as: 'again' });
  expect(operation).toMatchObject({ status: 'succeeded', errorMessage: null });
  expect(operation.result.tables).toContainEqual({ schema: 'sales', name: 'items', rows: 1_000_000 });
  expect(await fingerprint(await hostOf('again'), 'app')).toBe(
    await fingerprint(await hostOf('main'), 'app'),
  );
});

it('takes the place of what is there within a second, which is kept', async () => {
  await here.call('DELETE', `${databases}/again?deleteVolume=true&finalBackup=false`, { waitS: 60 });
  const { dsn, directDsn } = await here.reveal(`${databases}/main`);
  await here.query(directDsn, 'DROP TABLE sales.items CASCADE; CREATE TABLE newer AS SELECT 1 AS x');
  const client = await here.connect(dsn);
  let longestMs = 0;
  let stopped = false;
  const ask1 = async () => {
    while (!stopped) {
      const startedMs = performance.now();
      await client.query('SELECT count(*) FROM sales.products');
      longestMs = Math.max(longestMs, performance.now() - startedMs);
    }
  };
  const asking = ask1();
  const body = { backupId: backup.id, replace: true, confirm: 'main' };
  const operation = await ask(`${databases}/main/restore`, body);
  stopped = true;
  await asking;
  await client.end();
  expect(operation).toMatchObject({ status: 'succeeded', errorMessage: null });
  expect(longestMs).toBeLessThan(1000);
  expect(await here.query(dsn, 'SELECT count(*)::int AS rows FROM sales.items')).toEqual([
    { rows: 1_000_000 },
  ]);
  const previous = directDsn.replace(/\/app$/, `/${operation.result.previous?.database}`);
  expect(await here.query(previous, 'SELECT x FROM newer')).toEqual([{ x: 1 }]);
});

it('goes out to a PostgreSQL that knows nothing of paasdb, with its own pg_restore', async () => {
  const file = join(folder.path, 'export.dump');
  const response = await fetch(`${here.url}${databases}/main/export`, {
    headers: { Authorization: `Bearer ${here.operatorToken}` },
  });
  expect(response.status).toBe(200);
  await pipeline(Readable.fromWeb(response.body as never), createWriteStream(file));
  await elsewhere.restore(file);
  expect(await fingerprint(elsewhere.name, 'shop', '-O', '-x')).toBe(
    await fingerprint(await hostOf('main'), 'app', '-O', '-x'),
  );
});

it('comes in from a server that runs, whose password nobody sees', async () => {
  await create('moved');
  const operation = await ask(`${databases}/moved/import`, { sourceUrl: elsewhere.url });
  expect(operation).toMatchObject({
    status: 'succeeded',
    errorMessage: null,
    result: { source: { compared: true, differences: [] } },
  });
  expect(await fingerprint(await hostOf('moved'), 'app', '-O', '-x')).toBe(
    await fingerprint(elsewhere.name, 'shop', '-O', '-x'),
  );
  const { password } = new URL(elsewhere.url);
  expect(here.log).not.toContain(password);
  const files = readdirSync(here.dataDir).filter((name) => name.startsWith('paasdb.sqlite'));
  expect(files.length).toBeGreaterThan(0);
  for (const name of files) expect(readFileSync(join(here.dataDir, name)).includes(password)).toBe(false);
});

it.each([
  ['plain SQL, gzipped', 'shop.sql.gz', ['--format=plain'], true],
  ['a tar', 'shop.tar', ['--format=tar'], false],
])('comes in from a dump as %s', async (_, name, options, gzipped) => {
  const file = join(folder.path, name);
  await elsewhere.dump(file, options, gzipped);
  const operation = await importFile('moved', file);
  expect(operation).toMatchObject({ status: 'succeeded', errorMessage: null });
  expect(await fingerprint(await hostOf('moved'), 'app', '-O', '-x')).toBe(
    await fingerprint(elsewhere.name, 'shop', '-O', '-x'),
  );
});

it('is refused before it is read where something is in the way', async () => {
  const { status, body } = await upload(`${databases}/moved/import`, join(folder.path, 'export.dump'));
  expect([status, body]).toEqual([409, expect.objectContaining({ code: 'database_not_empty' })]);
});

it('stays as it is when what comes in is cut off, and nothing is left of that', async () => {
  const whole = join(folder.path, 'export.dump');
  const cut = join(folder.path, 'cut.dump');
  const end = Math.floor(statSync(whole).size * 0.6);
  await pipeline(createReadStream(whole, { end }), createWriteStream(cut));
  const before = await here.resources();
  const operation = await importFile('moved', cut);
  expect(operation).toMatchObject({ status: 'failed', errorMessage: expect.stringMatching(/archive/i) });
  const { directDsn } = await here.reveal(`${databases}/moved`);
  expect(await here.query(directDsn, 'SELECT count(*)::int AS rows FROM sales.items')).toEqual([
    { rows: 1_000_000 },
  ]);
  expect(await here.resources()).toEqual(before);
});

it('is restored although the daemon is killed in the middle of it', async () => {
  const { directDsn } = await here.reveal(`${databases}/main`);
  await here.query(directDsn, 'CREATE TABLE newer AS SELECT 1 AS x');
  const body = { backupId: backup.id, replace: true, confirm: 'main' };
  const { body: queued } = await here.call<OperationBody>('POST', `${databases}/main/restore`, { body });
  const path = `${databases}/main/operations/${queued.id}`;
  await until(
    async () => /load/i.test((await here.call<OperationBody>('GET', path)).body.progress?.step ?? ''),
    60_000,
  );
  here.kill();
  await here.exited();
  expect(await here.query(directDsn, 'SELECT x FROM newer')).toEqual([{ x: 1 }]);
  await here.start({ PAASDB_BACKUP_VERIFY: 'none' });
  expect(await settled(path)).toMatchObject({ status: 'succeeded', errorMessage: null });
  await expect(here.query(directDsn, 'SELECT x FROM newer')).rejects.toThrow('does not exist');
  expect((await here.resources()).containers.filter((name) => /load|drill/.test(name))).toEqual([]);
});
