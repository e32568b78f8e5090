import type { Client } from 'pg';
import { sleep, withDeadline } from '../../src/runtime/docker/engine/deadline.js';
import { Installation } from './daemon-fixture.js';
import { NEWEST, soon } from './engine-fixture.js';
import { asSuperuser, exchangeWaits, holdCommits, holdExchange } from './hold-exchange.js';
import { until } from './until.js';

jest.setTimeout(120_000);

const DATABASE = '/api/orgs/default/apps/web/databases/main';
const WITHOUT_DRILLS = { PAASDB_BACKUP_VERIFY: 'none' };

/** A database that holds the number 2, and a backup with the number 1 that is being restored in its place. */
interface Restoring {
  operation: string;
  /** Through the pooler. */
  dsn: string;
  postgres: string;
  /** Until then nobody renames the tenant's database, which waits for it. */
  release: () => void;
}

async function restoring(here: Installation): Promise<Restoring> {
  await here.start(WITHOUT_DRILLS);
  await here.createApp();
  await here.call('PUT', DATABASE, { body: { engineVersion: String(NEWEST) }, waitS: 60 });
  const { directHost: postgres } = await here.reach(DATABASE, 'ready');
  const { dsn } = await here.reveal(DATABASE);
  await here.query(dsn, 'CREATE TABLE number AS SELECT 1 AS is');
  const { body: backup } = await here.call('POST', `${DATABASE}/backups`, { waitS: 60 });
  await here.query(dsn, 'UPDATE number SET "is" = 2');
  const release = await holdExchange(postgres);
  const body = { backupId: backup.id, replace: true, confirm: 'main' };
  const { body: operation } = await here.call('POST', `${DATABASE}/restore`, { body });
  await exchangeWaits(postgres);
  return { operation: `${DATABASE}/operations/${operation.id}`, dsn, postgres, release };
}

async function numberOf(client: Client): Promise<number | undefined> {
  return (await client.query<{ is: number }>('SELECT "is" FROM number')).rows[0]?.is;
}

/** The next start brings it to its end, and what was replaced is kept. */
async function expectRestored(here: Installation, { operation, dsn, postgres }: Restoring): Promise<void> {
  await here.start(WITHOUT_DRILLS);
  await here.reach(operation, 'succeeded');
  expect(await here.query(dsn, 'SELECT "is" FROM number')).toEqual([{ is: 1 }]);
  const made = await asSuperuser(
    postgres,
    `SELECT datname FROM pg_database WHERE datname ~ '^paasdb_'
     UNION ALL SELECT rolname FROM pg_roles WHERE rolname ~ '^paasdb_'`,
  );
  expect(made).toMatch(/^paasdb_previous_[a-z0-9]+$/);
  expect(await asSuperuser(postgres, 'SELECT "is" FROM number', made)).toBe('2');
  expect((await here.resources()).containers.filter((name) => name.includes('-load-'))).toEqual([]);
}

it('a daemon that is killed before the names are exchanged leaves the old data, and nobody waiting', async () => {
  await using here = new Installation();
  const restore = await restoring(here);
  // The pooler is paused by now: clients log in, and wait.
  const client = await here.connect(restore.dsn);
  const state = { answered: false };
  const number = numberOf(client).finally(() => (state.answered = true));
  await sleep(300, soon());
  expect(state.answered).toBe(false);
  here.kill();
  await here.exited();
  restore.release();
  expect(await withDeadline(10_000, soon(), () => number)).toBe(2);
  await client.end();
  await expectRestored(here, restore);
});

it('a daemon that is killed while the exchange is committed finds it done', async () => {
  await using here = new Installation();
  const restore = await restoring(here);
  const { dsn, postgres, release } = restore;
  const commits = await holdCommits(postgres);
  release();
  await commits.wait();
  here.kill();
  await here.exited();
  await commits.release();
  const isNew = () =>
    here.query<{ is: number }>(dsn, 'SELECT "is" FROM number').then(([row]) => row?.is === 1);
  await until(() => isNew().catch(() => false), 10_000);
  await expectRestored(here, restore);
});
