import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import type { DatabaseBody } from './api-client.js';
import { availableVersions, Installation } from './daemon-fixture.js';
import { until } from './until.js';

jest.setTimeout(300_000);

describe('databases on a real engine', () => {
  let installation: Installation;
  let app: string;

  beforeAll(async () => {
    installation = new Installation();
    await installation.start();
    app = await installation.createApp();
  });
  afterAll(() => installation[Symbol.asyncDispose]());

  async function create(name: string, body: object = {}, scope = app): Promise<DatabaseBody> {
    const answer = await installation.call('POST', `${scope}/databases`, {
      body: { name, plan: 'free', ...body },
      waitS: 60,
    });
    expect([answer.status, answer.body.status, answer.body.errorMessage]).toEqual([201, 'ready', null]);
    return answer.body;
  }

  test('every version with an image lives: pooled and direct, prepared statements, no superuser, ownership', async () => {
    const versions = await availableVersions();
    expect(versions).toEqual(expect.arrayContaining([15, 17]));
    for (const version of versions) {
      const database = await create(`life-${version}`, { engineVersion: String(version) });
      const { dsn, directDsn } = await installation.reveal(`${app}/databases/${database.id}`);
      for (const url of [dsn, directDsn]) {
        const client = await installation.connect(url);
        try {
          const { rows } = await client.query<{ major: string; super: string }>(
            `SELECT split_part(current_setting('server_version'), '.', 1) AS major, current_setting('is_superuser') AS super`,
          );
          expect(rows).toEqual([{ major: String(version), super: 'off' }]);
          const prepared = { name: 'doubled', text: 'SELECT $1::int * 2 AS doubled' };
          for (const value of [1, 2, 3]) {
            expect((await client.query({ ...prepared, values: [value] })).rows).toEqual([
              { doubled: value * 2 },
            ]);
          }
          await expect(client.query(`COPY (SELECT 1) TO PROGRAM 'true'`)).rejects.toThrow(
            /permission denied|must be superuser/,
          );
        } finally {
          await client.end();
        }
      }
      await installation.query(dsn, 'CREATE TABLE owned (id int)');
      expect(
        await installation.query(directDsn, `SELECT tableowner FROM pg_tables WHERE tablename = 'owned'`),
      ).toEqual([{ tableowner: 'app_owner' }]);
    }
  });

  test('a deleted database keeps its volume; attached again it has its data and a fresh password', async () => {
    const first = await create('keep', { engineVersion: '17' });
    const old = await installation.reveal(`${app}/databases/keep`);
    await installation.query(old.dsn, 'CREATE TABLE precious (what text)');
    await installation.query(old.dsn, `INSERT INTO precious VALUES ('only copy')`);

    const deleted = await installation.call('DELETE', `${app}/databases/keep`, { waitS: 60 });
    expect([deleted.status, deleted.body.status]).toEqual([200, 'deleted']);
    const after = await installation.resources();
    expect(after.containers.filter((name) => name.endsWith(first.id))).toEqual([]);
    expect(after.volumes.filter((name) => name.endsWith(first.id))).toEqual([
      `${installation.prefix}-db-${first.id}`,
    ]);
    const { body: volumes } = await installation.call<{ data: { id: string }[] }>('GET', '/api/volumes');
    const volume = volumes.data.find(({ id }) => id === first.id);
    expect(volume).toMatchObject({ databaseName: 'keep', engineVersion: '17', state: 'preserved' });

    const second = await create('again', { fromVolume: first.id });
    expect(second.id).not.toBe(first.id);
    const fresh = await installation.reveal(`${app}/databases/again`);
    expect(await installation.query(fresh.dsn, 'SELECT what FROM precious')).toEqual([{ what: 'only copy' }]);
    const stale = new URL(fresh.directDsn);
    stale.password = new URL(old.dsn).password;
    await expect(installation.connect(stale.href)).rejects.toThrow(/password authentication failed/);

    await installation.call('DELETE', `${app}/databases/again`, { waitS: 60 });
    const purge = await installation.call<{ state: string }>('DELETE', `/api/volumes/${first.id}`, {
      waitS: 60,
    });
    expect([purge.status, purge.body.state]).toEqual([200, 'purged']);
    expect((await installation.resources()).volumes.filter((name) => name.endsWith(first.id))).toEqual([]);
  });

  test('deleted and created again under the same name, it shows no row of before', async () => {
    await create('same');
    const before = await installation.reveal(`${app}/databases/same`);
    await installation.query(before.dsn, 'CREATE TABLE secret_of_before (x int)');
    await installation.call('DELETE', `${app}/databases/same`, { waitS: 60 });
    await create('same');
    const { dsn } = await installation.reveal(`${app}/databases/same`);
    expect(
      await installation.query(dsn, `SELECT tablename FROM pg_tables WHERE schemaname = 'public'`),
    ).toEqual([]);
  });

  test('two orgs with the same database name have nothing in common, and no way to each other', async () => {
    await installation.call('POST', '/api/orgs', { body: { slug: 'other', plan: 'team' } });
    const otherApp = await installation.createApp('other');
    await create('shared');
    const theirs = await create('shared', {}, otherApp);
    const mine = await installation.reveal(`${app}/databases/shared`);
    await installation.query(mine.dsn, 'CREATE TABLE mine (x int)');
    const { dsn } = await installation.reveal(`${otherApp}/databases/shared`);
    expect(
      await installation.query(dsn, `SELECT tablename FROM pg_tables WHERE schemaname = 'public'`),
    ).toEqual([]);

    const ours = installation.docker.getContainer(new URL(mine.dsn).hostname);
    const { NetworkSettings } = await installation.docker.getContainer(theirs.directHost).inspect();
    const [address] = Object.values(NetworkSettings.Networks).map(({ IPAddress }) => IPAddress);
    const reach = async (host: string, port: number) => {
      const postgres = installation.docker.getContainer(new URL(mine.directDsn).hostname);
      const exec = await postgres.exec({
        Cmd: ['timeout', '2', 'bash', '-c', `echo > /dev/tcp/${host}/${port}`],
        AttachStdout: true,
      });
      const stream = await exec.start({});
      stream.resume();
      await new Promise((resolve) => stream.on('end', resolve));
      let state = await exec.inspect();
      await until(async () => !(state = await exec.inspect()).Running, 10_000);
      return state.ExitCode === 0;
    };
    expect((await ours.inspect()).State.Running).toBe(true);
    expect(await reach(new URL(mine.dsn).hostname, 6432)).toBe(true);
    expect(await reach(address ?? '', 5432)).toBe(false);
    expect(await reach(theirs.directHost, 5432)).toBe(false);
  });

  test('of 100 parallel creates of one name one wins, and nothing leaks', async () => {
    const answers = await Promise.all(
      Array.from({ length: 100 }, () =>
        installation.call('POST', `${app}/databases`, { body: { name: 'contended', plan: 'free' } }),
      ),
    );
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([202, ...Array.from({ length: 99 }, () => 409)]);
    const { id } = await installation.reach(`${app}/databases/contended`, 'ready');
    const { body } = await installation.call<{ data: { name: string }[] }>(
      'GET',
      `${app}/databases?limit=100`,
    );
    const { containers, volumes } = await installation.resources();
    expect(body.data.filter(({ name }) => name === 'contended')).toHaveLength(1);
    expect(containers.filter((name) => name.endsWith(id))).toHaveLength(2);
    expect(volumes.filter((name) => name.endsWith(id))).toHaveLength(2);
  });

  test('what is removed or stopped behind its back is repaired, and the data is there', async () => {
    const { id, host, directHost } = await create('mended');
    const path = `${app}/databases/mended`;
    const { dsn } = await installation.reveal(path);
    await installation.query(dsn, 'CREATE TABLE kept AS SELECT 42 AS answer');
    const damages: Record<string, () => Promise<unknown>> = {
      'the pooler is removed': () => installation.docker.getContainer(host).remove({ force: true }),
      'PostgreSQL is removed': () => installation.docker.getContainer(directHost).remove({ force: true }),
      'PostgreSQL is stopped': () => installation.docker.getContainer(directHost).stop(),
      'both are removed': () =>
        Promise.all(
          [host, directHost].map((name) => installation.docker.getContainer(name).remove({ force: true })),
        ),
    };
    for (const [damage, inflict] of Object.entries(damages)) {
      await inflict();
      await until(async () => {
        const rows = await installation
          .query<{ answer: number }>(dsn, 'SELECT answer FROM kept')
          .catch(() => []);
        return rows[0]?.answer === 42;
      }, 60_000).catch((error: unknown) => {
        throw new Error(`not mended after: ${damage}\n${installation.log.slice(-3000)}`, { cause: error });
      });
    }
    await until(async () => {
      const { body } = await installation.call<{ data: { status: string }[] }>('GET', `${path}/operations`);
      return body.data.every(({ status }) => status === 'succeeded');
    }, 30_000);
    expect((await installation.resources()).containers.filter((name) => name.endsWith(id))).toHaveLength(2);
  });

  test('restart answers when it is up again, with new processes and the same data', async () => {
    const { directHost } = await create('restarted');
    const path = `${app}/databases/restarted`;
    const { dsn } = await installation.reveal(path);
    await installation.query(dsn, 'CREATE TABLE kept AS SELECT 1 AS one');
    const before = (await installation.docker.getContainer(directHost).inspect()).State.StartedAt;
    const answer = await installation.call<{ kind: string; status: string }>('POST', `${path}/restart`, {
      waitS: 60,
    });
    expect([answer.status, answer.body.kind, answer.body.status]).toEqual([200, 'restart', 'succeeded']);
    expect((await installation.docker.getContainer(directHost).inspect()).State.StartedAt).not.toBe(before);
    expect(await installation.query(dsn, 'SELECT one FROM kept')).toEqual([{ one: 1 }]);
  });

  test('what a tenant puts into the way of the superuser is not run by it', async () => {
    await create('hostile');
    const path = `${app}/databases/hostile`;
    const { directDsn } = await installation.reveal(path);
    await installation.query(
      directDsn,
      `CREATE SCHEMA evil;
       CREATE FUNCTION evil.version() RETURNS text LANGUAGE plpgsql AS
         $$BEGIN EXECUTE 'ALTER ROLE app_owner SUPERUSER'; RETURN 'mine'; END$$;
       CREATE FUNCTION evil.format(text, text) RETURNS text LANGUAGE plpgsql AS
         $$BEGIN EXECUTE 'ALTER ROLE app_owner SUPERUSER'; RETURN 'SELECT 1'; END$$;
       ALTER DATABASE app SET search_path = evil, public, pg_catalog;
       ALTER DATABASE app SET default_transaction_read_only = on`,
    );
    const answer = await installation.call('POST', `${path}/restart`, { waitS: 60 });
    expect([answer.status, answer.body.status]).toEqual([200, 'succeeded']);
    expect(await installation.query(directDsn, 'SELECT rolname FROM pg_roles WHERE rolsuper')).toEqual([
      { rolname: 'postgres' },
    ]);
  });

  test('a database whose volume vanished fails loudly; nothing empty takes its place', async () => {
    const { id, host, directHost } = await create('vanished');
    const path = `${app}/databases/vanished`;
    await installation.stop();
    for (const name of [host, directHost])
      await installation.docker.getContainer(name).remove({ force: true });
    await installation.docker.getVolume(`${installation.prefix}-db-${id}`).remove();
    await installation.start();
    const { errorMessage } = await installation.reach(path, 'failed');
    expect(errorMessage).toMatch(/volume/);
    const { containers, volumes } = await installation.resources();
    expect(containers.filter((name) => name.endsWith(id))).toEqual([]);
    expect(volumes).not.toContain(`${installation.prefix}-db-${id}`);
  });

  test('no secret is in the log, in inspect, or in the files of the control database', async () => {
    const { host, directHost } = await create('discreet');
    const { dsn } = await installation.reveal(`${app}/databases/discreet`);
    const { password } = new URL(dsn);
    const client = await installation.connect(dsn);
    expect(client).toBeInstanceOf(Client);
    await client.end();
    const containers = await Promise.all(
      [host, directHost].map((name) => installation.docker.getContainer(name).inspect()),
    );
    const files = ['paasdb.sqlite', 'paasdb.sqlite-wal'].map((file) =>
      readFileSync(join(installation.dataDir, file), 'latin1'),
    );
    for (const place of [JSON.stringify(containers), installation.log, ...files]) {
      expect(place).not.toContain(password);
      expect(place).not.toContain(installation.operatorToken);
      expect(place).not.toMatch(/SCRAM-SHA-256\$\d/);
    }
  });

  test('a stop in the middle of a provision is prompt, and the next start goes on', async () => {
    await installation.call('POST', `${app}/databases`, { body: { name: 'paused', plan: 'free' } });
    await until(async () => {
      const { body } = await installation.call<{ data: { status: string }[] }>(
        'GET',
        `${app}/databases/paused/operations`,
      );
      return body.data[0]?.status === 'running';
    }, 10_000);
    const startedMs = Date.now();
    expect([
      await installation.stop(),
      installation.log.split('\n').filter((line) => line.includes('"error"')),
    ]).toEqual([0, []]);
    expect(Date.now() - startedMs).toBeLessThan(15_000);
    await installation.start();
    await installation.reach(`${app}/databases/paused`, 'ready');
  });

  test('deleted in the middle of its provision, nothing of it stays', async () => {
    const { body } = await installation.call('POST', `${app}/databases`, {
      body: { name: 'unwanted', plan: 'free' },
    });
    await until(
      async () => (await installation.resources()).containers.some((name) => name.endsWith(body.id)),
      30_000,
    );
    const deleted = await installation.call('DELETE', `${app}/databases/unwanted`, { waitS: 60 });
    expect([deleted.status, deleted.body.status]).toEqual([200, 'deleted']);
    const { containers, volumes } = await installation.resources();
    expect([...containers, ...volumes].filter((name) => name.endsWith(body.id))).toEqual([]);
  });
});
