import { Readable } from 'node:stream';
import { createReadStream, createWriteStream, statSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Loaded, LoadOptions, LoadSource } from '../../src/runtime/runtime.js';
import { temporaryFolder } from '../temporary-folder.js';
import { EngineFixture, soon, NEWEST, OLDEST } from './engine-fixture.js';
import { loadOptions } from './load-options.js';
import { fingerprintOf } from './fingerprint.js';
import { nothingOfLoads } from './nothing-of-loads.js';
import { until } from './until.js';
import { SAMPLE_SQL } from './sample-contents.js';

jest.setTimeout(240_000);

/** Rights of all kinds, which only an owner gives back. */
const RIGHTS_SQL = `
  CREATE TABLE ext.shared (id serial PRIMARY KEY, body text);
  GRANT SELECT, UPDATE (body) ON ext.shared TO app_b;
  GRANT USAGE ON SCHEMA ext TO PUBLIC;
  REVOKE EXECUTE ON FUNCTION twice(int) FROM PUBLIC;
  GRANT SELECT ON notes TO app WITH GRANT OPTION;
  SET ROLE app;
  GRANT SELECT ON notes TO app_b;
  GRANT INSERT ON ext.mine TO app_owner;
  ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC;
  RESET ROLE;
  ALTER DEFAULT PRIVILEGES IN SCHEMA ext GRANT SELECT ON TABLES TO app_b;
  CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
  CREATE TRIGGER touching BEFORE UPDATE ON ext.shared FOR EACH ROW EXECUTE FUNCTION touch();
  CREATE PUBLICATION changes FOR TABLE ext.shared;
  GRANT SELECT ON LARGE OBJECT 4242 TO app_b;
  COMMENT ON TABLE ext.shared IS 'größe'`;

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

describe.each([OLDEST, NEWEST])('a load into PostgreSQL %i', (engineVersion) => {
  const fixture = new EngineFixture();
  const source = fixture.spec({ engineVersion });
  const target = fixture.spec({ engineVersion });
  const file = join(folder.path, `${engineVersion}.dump`);
  const dumped = (): LoadSource => ({
    kind: 'dump',
    open: () => createReadStream(file) as AsyncIterable<Buffer>,
    sizeBytes: statSync(file).size,
  });
  const load = (from: LoadSource, options: Partial<LoadOptions> = {}): Promise<Loaded> =>
    fixture.runtime.load(target, () => Promise.resolve(from), loadOptions({ replace: false, ...options }));

  beforeAll(async () => {
    await Promise.all([fixture.apply(source), fixture.apply(target)]);
    await using client = await fixture.connect(source, 'direct');
    await client.query(SAMPLE_SQL);
    await client.query(RIGHTS_SQL);
  });
  afterAll(() => fixture[Symbol.asyncDispose]());

  it('takes no place of what somebody wrote while it was loading', async () => {
    let isRunning = false;
    const sql = 'CREATE TABLE early AS SELECT 1 AS x; SELECT pg_sleep(2.5)';
    const open = () => Readable.from([Buffer.from(sql)]);
    const loading = load(
      { kind: 'script', open, sizeBytes: sql.length },
      { onProgress: ({ step }) => (isRunning ||= step === 'Running the script') },
    );
    const writing = until(() => isRunning, 20_000).then(() =>
      fixture.query(target, 'CREATE TABLE late AS SELECT 7 AS x', 'direct'),
    );
    await expect(loading).rejects.toMatchObject({
      code: 'not_empty',
      message: expect.stringContaining('relation public.late'),
    });
    await writing;
    expect(await fixture.query(target, 'SELECT x FROM late')).toEqual([{ x: 7 }]);
    await fixture.query(target, 'DROP TABLE late', 'direct');
    await nothingOfLoads(fixture, target, []);
  });

  it('restores what a dump has read, to the last owner', async () => {
    const { contents } = await fixture.runtime.dump(
      source,
      (archive) => pipeline(archive, createWriteStream(file)),
      { signal: soon() },
    );
    const loaded = await load(dumped());
    expect(loaded).toMatchObject({ contents, source: null, skipped: [] });
    expect(await fingerprintOf(fixture, target)).toEqual(await fingerprintOf(fixture, source));
    const analyzed = `SELECT reltuples > 0 AS known FROM pg_class WHERE oid = 'notes'::regclass`;
    expect(await fixture.query(target, analyzed)).toEqual([{ known: true }]);
    await nothingOfLoads(fixture, target, [loaded.previous]);
  });

  it('is not kept back by what a tenant grants to the role of one dump or load', async () => {
    await fixture.asSuperuser(source, 'CREATE ROLE paasdb_dump_gone_1');
    await fixture.query(source, 'GRANT SELECT ON notes TO paasdb_dump_gone_1 WITH GRANT OPTION');
    const defaults = 'ALTER DEFAULT PRIVILEGES IN SCHEMA ext GRANT SELECT ON TABLES TO paasdb_dump_gone_1';
    await fixture.query(source, defaults);
    await fixture.asSuperuser(target, 'CREATE ROLE paasdb_load_gone LOGIN BYPASSRLS');
    await fixture.query(target, 'GRANT SELECT ON notes TO paasdb_load_gone');
    const { contents } = await fixture.runtime.dump(
      source,
      (archive) => pipeline(archive, createWriteStream(file)),
      { signal: soon() },
    );
    expect(await load(dumped(), { replace: true })).toMatchObject({ contents, skipped: [] });
    const rights = `SELECT rolcanlogin OR rolbypassrls AS any FROM pg_roles WHERE rolname = 'paasdb_load_gone'`;
    expect(await fixture.query(target, rights)).toEqual([{ any: false }]);
  });
});
