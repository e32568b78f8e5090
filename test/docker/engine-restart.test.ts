import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Installation } from './daemon-fixture.js';
import { NEWEST, PGBOUNCER_IMAGE, POSTGRES_IMAGE } from './engine-fixture.js';
import { OwnEngine } from './own-engine.js';
import { until } from './until.js';

jest.setTimeout(180_000);

interface OperationBody {
  id: string;
  status: string;
  errorMessage: string | null;
  progress: { step: string } | null;
}

const ROWS = 'SELECT count(*)::int AS rows, sum(hashtextextended(l::text, 0)::numeric) FROM large l';

test('dockerd is restarted in the middle of a dump and of a restore: both are done in the end', async () => {
  await using engine = await OwnEngine.with([
    POSTGRES_IMAGE.replace('{version}', String(NEWEST)),
    PGBOUNCER_IMAGE,
  ]);
  await using installation = new Installation(engine.socketPath);
  await installation.start({ PAASDB_BACKUP_VERIFY: 'none', PAASDB_SUBNET_POOL: engine.subnetPool });
  const app = await installation.createApp();
  const path = `${app}/databases/main`;
  await installation.call('PUT', path, { body: {}, waitS: 60 });
  const { directDsn } = await installation.reveal(path);
  await installation.query(
    directDsn,
    `CREATE TABLE large AS SELECT i, repeat(md5(i::text), 20) AS text FROM generate_series(1, 300000) i;
       CREATE INDEX ON large (text)`,
  );
  const before = await installation.query(directDsn, ROWS);
  const files = () =>
    readdirSync(join(installation.dataDir, 'backups'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ name }) => name);
  const look = async (what: string) =>
    (await installation.call<OperationBody>('GET', `${app}/databases/${what}`)).body;
  const done = async (what: string) => {
    await until(async () => ['succeeded', 'failed'].includes((await look(what)).status), 90_000);
    expect(await look(what)).toMatchObject({ status: 'succeeded', errorMessage: null });
  };
  const backUp = async () => `main/backups/${(await installation.call('POST', `${path}/backups`)).body.id}`;

  const first = await backUp();
  await done(first);
  const body = { backupId: first.split('/').at(-1), as: 'copy' };
  const { body: asked } = await installation.call<OperationBody>('POST', `${path}/restore`, { body });
  const restore = `copy/operations/${asked.id}`;
  await until(async () => (await look(restore)).progress?.step === 'Loading the data', 30_000);
  const second = await backUp();
  await until(() => files().some((name) => name.endsWith('.unfinished')), 30_000);
  expect((await look(restore)).status).toBe('running');
  await engine.restart();
  await Promise.all([done(restore), done(second)]);

  expect(files()).toHaveLength(4);
  expect(await installation.query(directDsn, ROWS)).toEqual(before);
  const copy = await installation.reveal(`${app}/databases/copy`);
  expect(await installation.query(copy.directDsn, ROWS)).toEqual(before);
  const { containers } = await installation.resources();
  expect(containers.filter((name) => name.includes('load'))).toEqual([]);
});
