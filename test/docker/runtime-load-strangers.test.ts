import { Readable } from 'node:stream';
import type { Loaded, LoadOptions, LoadSource } from '../../src/runtime/runtime.js';
import { EngineFixture, soon } from './engine-fixture.js';
import { loadOptions } from './load-options.js';
import { fingerprintOf } from './fingerprint.js';
import { nothingOfLoads } from './nothing-of-loads.js';
import { runIn } from './run-in.js';

jest.setTimeout(240_000);

/** What comes from elsewhere: roles that are not here, and what only a superuser makes. */
const STRANGE_SQL = `
  CREATE ROLE stranger;
  CREATE EXTENSION citext;
  CREATE EXTENSION pageinspect;
  CREATE SCHEMA shop AUTHORIZATION stranger;
  SET ROLE stranger;
  CREATE TABLE shop.items (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, at date)
    PARTITION BY RANGE (id);
  CREATE TABLE shop.items_1 PARTITION OF shop.items FOR VALUES FROM (0) TO (1000);
  INSERT INTO shop.items (name) SELECT 'item ' || i FROM generate_series(1, 500) i;
  CREATE SEQUENCE shop.loose;
  CREATE TYPE shop.mood AS ENUM ('good', 'bad');
  CREATE FUNCTION shop.twice(x int) RETURNS int LANGUAGE sql AS 'SELECT 2 * x';
  CREATE VIEW shop.shown AS SELECT * FROM shop.items;
  CREATE VIEW shop.summed AS SELECT id, name, count(*) AS number FROM shop.items GROUP BY id;
  CREATE MATERIALIZED VIEW shop.counted AS SELECT count(*) FROM shop.items;
  ALTER TABLE shop.items_1 ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
  ALTER DEFAULT PRIVILEGES IN SCHEMA shop GRANT SELECT ON TABLES TO PUBLIC;
  GRANT SELECT ON shop.items TO PUBLIC;
  RESET ROLE;
  SELECT lo_from_bytea(77, 'large');
  CREATE FUNCTION public.refuse() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
  CREATE EVENT TRIGGER refusing ON ddl_command_start EXECUTE FUNCTION public.refuse();
  CREATE PUBLICATION everything FOR ALL TABLES;
  CREATE TABLE shop.U&"two\\2028lines" AS SELECT 1 AS x;
  CREATE TABLE public.notes (body text);
  INSERT INTO public.notes VALUES ('größe \\ "quoted" ''single'''), (NULL);`;

const fixture = new EngineFixture();
const source = fixture.spec();
const target = fixture.spec();
/** The databases that hold former data. */
const previous: string[] = [];

async function load(from: LoadSource, options: Partial<LoadOptions> = {}): Promise<Loaded> {
  const loaded = await fixture.runtime.load(target, () => Promise.resolve(from), loadOptions(options));
  previous.push(loaded.previous);
  return loaded;
}

function bytes(content: Buffer | string) {
  const open = () => Readable.from([Buffer.from(content)]);
  return { open, sizeBytes: Buffer.byteLength(content) };
}

const dumpOf = (...options: string[]) =>
  runIn(fixture.container(source, 'postgres'), ['pg_dump', '-U', 'postgres', ...options, 'app']);

beforeAll(async () => {
  await Promise.all([fixture.apply(source), fixture.apply(target)]);
  await fixture.runtime.requireEmpty(target, { signal: soon() });
  const superuser = ['psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-U', 'postgres', '-d', 'app'];
  await runIn(fixture.container(source, 'postgres'), superuser, STRANGE_SQL);
  await fixture.query(target, 'CREATE TABLE mine AS SELECT 42 AS x', 'direct');
});
afterAll(() => fixture[Symbol.asyncDispose]());
afterEach(() => nothingOfLoads(fixture, target, previous));

const OWNERS = `
  SELECT 'relation' AS what, relname AS name, relowner::regrole::text AS owner FROM pg_class
    WHERE relnamespace IN ('public'::regnamespace, 'shop'::regnamespace)
  UNION ALL SELECT 'function', proname, proowner::regrole::text FROM pg_proc
    WHERE pronamespace IN ('public'::regnamespace, 'shop'::regnamespace) AND proname IN ('twice', 'refuse')
  UNION ALL SELECT 'type', typname, typowner::regrole::text FROM pg_type WHERE typnamespace = 'shop'::regnamespace
  UNION ALL SELECT 'schema', nspname, nspowner::regrole::text FROM pg_namespace WHERE nspname = 'shop'
  UNION ALL SELECT 'extension', extname, extowner::regrole::text FROM pg_extension WHERE extname <> 'plpgsql'
  UNION ALL SELECT 'large object', oid::text, lomowner::regrole::text FROM pg_largeobject_metadata
  UNION ALL SELECT 'database', datname, datdba::regrole::text FROM pg_database WHERE datname = 'app'`;

async function isAllThere(loaded: Loaded) {
  const owners = await fixture.query(target, OWNERS, 'direct');
  expect(owners.length).toBeGreaterThan(12);
  expect(owners.filter(({ owner }: { owner: string }) => owner !== 'app_owner')).toEqual([]);
  expect(loaded.contents?.tables).toEqual(
    expect.arrayContaining([
      { schema: 'shop', name: 'items_1', rows: 500 },
      { schema: 'shop', name: 'counted', rows: 1, kind: 'view' },
      { schema: 'public', name: 'notes', rows: 2 },
      { schema: 'shop', name: 'two\u2028lines', rows: 1 },
    ]),
  );
  expect(loaded.contents?.largeObjects).toBe(1);
  expect(await fixture.query(target, 'INSERT INTO shop.items (name) VALUES ($$new$$) RETURNING id')).toEqual([
    { id: 501 },
  ]);
  expect(loaded.skipped?.map(({ what }) => what)).toEqual(
    expect.arrayContaining([
      expect.stringContaining('pageinspect'),
      expect.stringContaining('event triggers'),
    ]),
  );
}

it.each([['custom'], ['tar']])(
  'loads an archive of elsewhere, %s, all of which is then the tenant’s',
  async (format) => {
    await isAllThere(await load({ kind: 'archive', ...bytes(await dumpOf(`--format=${format}`)) }));
  },
);

it('loads a script of elsewhere', async () => {
  const loaded = await load({ kind: 'script', ...bytes(await dumpOf()) });
  await isAllThere(loaded);
  expect(loaded.skipped?.map(({ what }) => what)).toEqual(
    expect.arrayContaining([expect.stringContaining('owners'), expect.stringContaining('publications')]),
  );
});

it.each([
  ['a COPY', 'CREATE TABLE plain (x int);\nCOPY plain FROM stdin;\n1\n2\n3\n\\.\n'],
  [
    'a COPY and comments',
    'CREATE TABLE plain (x int);\nCOPY plain FROM stdin;\r\n1\r\n2\r\n3\r\n\\.\r\n\r\n-- done\r\n',
  ],
  ['a statement without its semicolon', 'CREATE TABLE plain (x) AS SELECT generate_series(1, 3)'],
])('loads a script whose last is %s', async (_last, script) => {
  const { contents } = await load({ kind: 'script', ...bytes(script) });
  expect(contents?.tables).toEqual([{ schema: 'public', name: 'plain', rows: 3 }]);
});

it('loads a script inside of a transaction, and keeps its own search_path', async () => {
  const script = `BEGIN; CREATE TABLE plain (x int); ALTER TABLE plain OWNER TO nobody_here;
    INSERT INTO plain VALUES (1), (2); COMMIT; INSERT INTO plain VALUES (3)`;
  const { contents, skipped } = await load({ kind: 'script', ...bytes(script) });
  expect(contents?.tables).toEqual([{ schema: 'public', name: 'plain', rows: 3 }]);
  expect(skipped).toEqual([{ what: 'owners', reason: expect.any(String) as string }]);
});

it('loads a script that first removes what there is not', async () => {
  // The beginning of one of before version 11.
  const old = 'DROP EXTENSION plpgsql;\nDROP SCHEMA public;\nCREATE SCHEMA public;\n';
  const script = old + String(await dumpOf('--clean'));
  // In place of a removal that would take more with it.
  expect(script).toMatch(/CREATE OR REPLACE VIEW shop.summed AS\nSELECT\n +NULL::integer AS id,/);
  const { contents } = await load({ kind: 'script', ...bytes(script) });
  expect(contents?.tables).toContainEqual({ schema: 'shop', name: 'items_1', rows: 500 });
  const [summed] = await fixture.query(target, 'SELECT count(*)::int AS rows FROM shop.summed');
  expect(summed).toEqual({ rows: 500 });
  await load({ kind: 'script', ...bytes('CREATE TABLE plain (x int)') });
});

describe('what harms nothing', () => {
  let before: object;
  beforeAll(async () => {
    before = await fingerprintOf(fixture, target);
  });
  afterEach(async () => expect(await fingerprintOf(fixture, target)).toEqual(before));

  const refused = async (from: LoadSource, code: string, message: RegExp) => {
    await expect(load(from)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message) as string,
    });
  };

  it('is a script that goes elsewhere', async () => {
    const script = 'CREATE TABLE a (x int);\n\\connect app\nDROP TABLE plain;\n';
    await refused({ kind: 'script', ...bytes(script) }, 'load_failed', /without --create/);
    const created = await dumpOf('--create', '--clean', '--if-exists');
    await refused({ kind: 'script', ...bytes(created) }, 'load_failed', /without --create/);
  });

  it('is a script that wants to be more than it is', async () => {
    const script = `
      RESET ROLE; SET ROLE app_owner; SET SESSION AUTHORIZATION postgres;
      DROP DATABASE app WITH (FORCE);
      ALTER DATABASE app SET search_path = nowhere;
      ALTER ROLE app SET search_path = nowhere;
      ALTER ROLE app_owner SUPERUSER;
      CREATE ROLE evil SUPERUSER LOGIN;
      ALTER SYSTEM SET archive_command = 'id';
      SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app';
      COPY (SELECT 1) TO PROGRAM 'touch /tmp/evil';
      \\! psql -d app -c 'DROP TABLE plain'; psql -d postgres -c 'CREATE TABLE evil (x int)'
      \\! psql -w -U postgres -d app -c 'DROP TABLE plain'; psql -w -U app -d app -c 'DROP TABLE plain'
      \\! touch /var/lib/postgresql/evil; (sleep 100; true) &
      GRANT ALL ON DATABASE app TO PUBLIC;
      CREATE TABLE evil (x int);`;
    const refusal = new Error('not what was wanted');
    const check = () => {
      throw refusal;
    };
    await expect(load({ kind: 'script', ...bytes(script) }, { check })).rejects.toBe(refusal);
    const traces = await fixture.query(
      target,
      `SELECT rolname FROM pg_roles WHERE rolname = 'evil' OR (rolsuper AND rolname <> 'postgres')
       UNION ALL SELECT setconfig::text FROM pg_db_role_setting WHERE setconfig::text LIKE '%nowhere%'`,
    );
    expect(traces).toEqual([]);
    await runIn(fixture.container(target, 'postgres'), [
      'sh',
      '-c',
      '! ls /tmp/evil /var/lib/postgresql/evil',
    ]);
  });

  it('is one that is not what it should be', async () => {
    const dump = String(await dumpOf());
    const cut = dump.slice(0, dump.indexOf('item 250'));
    await refused({ kind: 'script', ...bytes(cut) }, 'archive_unusable', /cut off/);
    await refused(
      { kind: 'script', ...bytes('CREATE TABLE a (x int);\nCOPY a FROM stdin;\n1\n2') },
      'archive_unusable',
      /middle/,
    );
    await refused({ kind: 'script', ...bytes('SELECT 1; SELECT $$ open') }, 'archive_unusable', /middle/);
    for (const open of ['BEGIN;', 'START TRANSACTION;', '\\set AUTOCOMMIT off\n']) {
      const script = `${open} CREATE TABLE a (x int); INSERT INTO a VALUES (1);`;
      await refused({ kind: 'script', ...bytes(script) }, 'archive_unusable', /COMMIT/);
    }
    // The last statement of a transaction fails, and its COMMIT is taken for an end like any other.
    const lost =
      '\\set ON_ERROR_ROLLBACK off\nBEGIN; CREATE TABLE a (x int); GRANT SELECT ON a TO nobody_here; COMMIT;';
    await refused({ kind: 'script', ...bytes(lost) }, 'archive_unusable', /ON_ERROR_ROLLBACK/);
    const rows = await dumpOf('--data-only');
    await refused({ kind: 'script', ...bytes(rows) }, 'load_failed', /--data-only/);
    await refused(
      { kind: 'script', ...bytes('-- Dumped from database version 99.1\n') },
      'archive_unusable',
      /PostgreSQL 99/,
    );
    await refused(
      { kind: 'script', ...bytes('--\n-- PostgreSQL database cluster dump\n--\n') },
      'archive_unusable',
      /pg_dumpall/,
    );
    await refused(
      { kind: 'script', ...bytes('CREATE TABLE a (x int); SELEC 1; CREATE TABLE a ();') },
      'load_failed',
      /SELEC/,
    );
  });

  it('is what is not allowed to replace anything', async () => {
    const refusal = {
      code: 'not_empty',
      message: expect.stringContaining('relation public.plain') as string,
    };
    await expect(load({ kind: 'script', ...bytes('SELECT 1') }, { replace: false })).rejects.toMatchObject(
      refusal,
    );
    await expect(fixture.runtime.requireEmpty(target, { signal: soon() })).rejects.toMatchObject(refusal);
  });

  it('is a dump of a database without an encoding', async () => {
    const container = fixture.container(source, 'postgres');
    const superuser = ['psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-U', 'postgres', '-d'];
    await runIn(
      container,
      [...superuser, 'app'],
      `CREATE DATABASE bytes ENCODING 'SQL_ASCII' TEMPLATE template0 LOCALE_PROVIDER libc LOCALE 'C'`,
    );
    await runIn(container, [...superuser, 'bytes'], `CREATE TABLE a AS SELECT E'\\xe9bc' AS t`);
    for (const format of ['custom', 'tar', 'plain']) {
      const dump = await runIn(container, ['pg_dump', '-U', 'postgres', `--format=${format}`, 'bytes']);
      const kind = format === 'plain' ? 'script' : 'archive';
      await refused({ kind, ...bytes(dump) }, 'archive_unusable', /--encoding=LATIN1/);
    }
    const converted = ['pg_dump', '-U', 'postgres', '--format=custom', '--encoding=LATIN1', 'bytes'];
    const check = (contents: object) => {
      throw new Error(JSON.stringify(contents));
    };
    const again = load({ kind: 'archive', ...bytes(await runIn(container, converted)) }, { check });
    await expect(again).rejects.toThrow('"name":"a","rows":1');
    await runIn(container, [...superuser, 'app'], 'DROP DATABASE bytes');
  });

  it('is an archive of a newer version', async () => {
    const archive = await dumpOf('--format=custom');
    const own = `${target.engineVersion}.`;
    archive.write('99.', archive.indexOf(own));
    await refused(
      { kind: 'archive', ...bytes(archive) },
      'archive_unusable',
      /comes from PostgreSQL 99.*load it into a database of version 99/,
    );
  });

  it('is an archive that is broken', async () => {
    const archive = await dumpOf('--format=custom');
    const head = archive.subarray(0, Math.floor(archive.length / 10));
    for (const broken of [Buffer.from('nothing'), Buffer.alloc(0), head]) {
      await refused({ kind: 'archive', ...bytes(broken) }, 'archive_unusable', /./);
    }
    for (const part of [0.6, 0.99]) {
      const cut = archive.subarray(0, Math.floor(archive.length * part));
      await refused({ kind: 'archive', ...bytes(cut) }, 'archive_unusable', /cannot/);
    }
    // What comes before what zlib made is how long that is, lowest byte first.
    const compressed = archive.lastIndexOf(Buffer.from([0x78, 0x9c]));
    const places = [
      [compressed + 12, /could not uncompress/],
      [compressed - 1, /more memory than there is/],
    ] as const;
    for (const [at, said] of places) {
      const flipped = Buffer.from(archive);
      flipped.writeUInt8(flipped.readUInt8(at) ^ 0xff, at);
      await refused({ kind: 'archive', ...bytes(flipped) }, 'archive_unusable', said);
    }
  });
});
