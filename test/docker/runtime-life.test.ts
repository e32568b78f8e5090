import { dsnsOf } from '../../src/domain/environment.js';
import { EngineFixture, soon, VERSIONS } from './engine-fixture.js';

jest.setTimeout(120_000);

describe.each(VERSIONS)('PostgreSQL %i', (engineVersion) => {
  const fixture = new EngineFixture();
  const spec = fixture.spec({ engineVersion });
  beforeAll(() => fixture.apply(spec));
  afterAll(() => fixture[Symbol.asyncDispose]());

  it.each(['pooled', 'direct'] as const)('answers queries on the %s way', async (way) => {
    const [row] = await fixture.query(
      spec,
      'SELECT current_setting($$server_version_num$$)::int / 10000 AS v',
      way,
    );
    expect(row).toEqual({ v: engineVersion });
  });

  it('is found under the hosts and ports of its URLs', () => {
    const { dsn, directDsn } = dsnsOf(fixture.runtime.endpoints(spec.id), spec.login);
    expect(dsn).toContain(`@${fixture.prefix}-pgbouncer-${spec.id}:6432/app`);
    expect(directDsn).toContain(`@${fixture.prefix}-db-${spec.id}:5432/app`);
  });

  it.each(['pooled', 'direct'] as const)('refuses a wrong password on the %s way', async (way) => {
    const login = { role: 'app', password: 'wrong' };
    await expect(fixture.connect(spec, way, login)).rejects.toThrow(/authentication failed/);
  });

  it.each(['postgres', 'app_b', 'app_owner'])('lets nobody in as %s', async (role) => {
    for (const password of ['', 'postgres', spec.login.password]) {
      await expect(fixture.connect(spec, 'direct', { role, password })).rejects.toThrow();
    }
  });

  it('gives the tenant no power over the server', async () => {
    for (const sql of [
      "COPY (SELECT 1) TO PROGRAM 'true'",
      "COPY (SELECT 1) TO '/tmp/x'",
      "ALTER SYSTEM SET work_mem = '1GB'",
      'SELECT * FROM pg_authid',
      "SELECT pg_read_file('/etc/passwd')",
      'CREATE ROLE other LOGIN',
      'CREATE DATABASE other',
      'SET ROLE postgres',
      'ALTER ROLE app SUPERUSER',
      "CREATE FUNCTION f() RETURNS int LANGUAGE c AS 'x'",
    ]) {
      await expect(fixture.query(spec, sql, 'direct')).rejects.toThrow(
        /permission denied|must be superuser|only roles/i,
      );
    }
    expect(await fixture.query(spec, 'SELECT rolname FROM pg_roles WHERE rolsuper')).toEqual([
      { rolname: 'postgres' },
    ]);
  });

  it('lets the tenant into its own database only', async () => {
    for (const database of ['postgres', 'template1']) {
      await expect(fixture.connect(spec, 'direct', spec.login, { database })).rejects.toThrow(
        /permission denied/,
      );
    }
  });

  it.each(['pooled', 'direct'] as const)('has app_owner own what is made on the %s way', async (way) => {
    await using client = await fixture.connect(spec, way);
    await client.query(
      `CREATE SCHEMA s_${way}; CREATE TABLE s_${way}.t (x int); CREATE TABLE t_${way} (x int)`,
    );
    const { rows } = await client.query(
      'SELECT DISTINCT tableowner AS owner FROM pg_tables WHERE tablename IN ($1, $2) ' +
        'UNION SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = $3',
      ['t', `t_${way}`, `s_${way}`],
    );
    expect(rows).toEqual([{ owner: 'app_owner' }]);
  });

  it('keeps app_owner as the role after a client has reset its session', async () => {
    await using client = await fixture.connect(spec, 'pooled');
    await client.query('DISCARD ALL');
    expect((await client.query('SELECT current_user')).rows).toEqual([{ current_user: 'app_owner' }]);
  });

  it('lets the tenant create trusted extensions', async () => {
    for (const name of ['pgcrypto', 'uuid-ossp', 'citext', 'hstore', 'pg_trgm', 'btree_gin', 'unaccent']) {
      await fixture.query(spec, `CREATE EXTENSION "${name}"`);
    }
    await expect(fixture.query(spec, 'CREATE EXTENSION file_fdw')).rejects.toThrow(/permission denied/);
  });

  it('runs named prepared statements through the pooler', async () => {
    await using one = await fixture.connect(spec);
    await using two = await fixture.connect(spec);
    for (let x = 0; x < 20; x++) {
      const statement = { name: 'add', text: 'SELECT $1::int + 1 AS y', values: [x] };
      expect((await one.query(statement)).rows).toEqual([{ y: x + 1 }]);
      expect((await two.query({ name: 'add', text: 'SELECT $1::int + 2 AS y', values: [x] })).rows).toEqual([
        { y: x + 2 },
      ]);
    }
  });

  it('sorts as people do, with checksums and UTF-8', async () => {
    const [row] = await fixture.query(
      spec,
      `SELECT (SELECT string_agg(x, '' ORDER BY x) FROM unnest(ARRAY['b', 'A', 'a', 'B', 'ä']) x) AS sorted,
        current_setting('data_checksums') AS checksums, current_setting('server_encoding') AS encoding,
        (SELECT datlocprovider FROM pg_database WHERE datname = 'app') AS provider`,
    );
    expect(row).toEqual({ sorted: 'aAäbB', checksums: 'on', encoding: 'UTF8', provider: 'i' });
  });

  it('changes nothing when it is applied again', async () => {
    const before = await fixture.containerIds(spec);
    const steps: string[] = [];
    await fixture.runtime.apply(spec, { signal: soon(), onProgress: ({ step }) => steps.push(step) });
    await fixture.runtime.apply(
      { ...spec, holdsData: true },
      { signal: soon(), onProgress: ({ step }) => steps.push(step) },
    );
    expect(steps).toEqual([]);
    expect(await fixture.containerIds(spec)).toEqual(before);
    expect(await fixture.runtime.findDrift([{ ...spec, holdsData: true }], soon())).toEqual(new Map());
  });

  it('keeps the data over a restart', async () => {
    await fixture.query(spec, 'CREATE TABLE kept AS SELECT 42 AS x');
    await fixture.runtime.restart({ ...spec, holdsData: true }, { signal: soon(), askedAt: new Date() });
    expect(await fixture.query(spec, 'SELECT x FROM kept')).toEqual([{ x: 42 }]);
  });

  it('leaves the data alone when it is removed, and nothing else', async () => {
    await fixture.runtime.remove(spec, { signal: soon() });
    await fixture.runtime.remove(spec, { signal: soon() });
    const left = await fixture.left();
    expect(left).toEqual([`volume ${fixture.volumeName(spec)}`, `network ${fixture.networkName()}`]);
  });

  it('comes back on its volume with a fresh password and another id', async () => {
    const other = fixture.spec({ engineVersion, volumeId: spec.volumeId, holdsData: true });
    await fixture.apply(other);
    expect(await fixture.query(other, 'SELECT x FROM kept')).toEqual([{ x: 42 }]);
    for (const way of ['pooled', 'direct'] as const) {
      await expect(fixture.connect(other, way, spec.login)).rejects.toThrow(/authentication failed/);
    }
    await expect(fixture.runtime.destroyVolume(other.volumeId, { signal: soon() })).rejects.toMatchObject({
      code: 'conflict',
    });
    await fixture.runtime.remove(other, { signal: soon() });
    await fixture.runtime.destroyVolume(other.volumeId, { signal: soon() });
    await fixture.runtime.destroyVolume(other.volumeId, { signal: soon() });
    expect(await fixture.left()).toEqual([`network ${fixture.networkName()}`]);
  });
});
