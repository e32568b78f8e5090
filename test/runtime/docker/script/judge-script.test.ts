import { judgeScript } from '../../../../src/runtime/docker/script/judge-script.js';
import { ScriptMessages, type ScriptError } from '../../../../src/runtime/docker/script/script-messages.js';
import { ScriptReport } from '../../../../src/runtime/docker/script/script-report.js';

function read(...pieces: string[]): ScriptError[] {
  const errors: ScriptError[] = [];
  const messages = new ScriptMessages((error) => errors.push(error));
  for (const piece of pieces) messages.add(Buffer.from(piece));
  messages.end();
  return errors;
}

const failing = (statement: string, sqlState: string | null = '42501', message = 'no'): ScriptError => ({
  line: 1,
  sqlState,
  message,
  statement,
});

it('reads where an error was, what it was and at what', () => {
  const printed =
    'psql:<stdin>:3: NOTICE:  00000: nothing\n' +
    'psql:<stdin>:7: ERROR:  42P01: relation "x" does not exist\nLINE 1: select\n        ^\n' +
    'DETAIL:  none\nLOCATION:  parserOpenTable, parse_relation.c:1449\npsql:<stdin>:7: STATEMENT:  select *\nERROR:  in a string\nfrom x;\n' +
    'psql:<stdin>:8: WARNING:  25P01: there is no transaction in progress\nHINT:  none\n' +
    'psql:<stdin>:9: error: \\connect: connection to server failed: FATAL:  no\n';
  // However it is cut.
  for (const size of [1, 7, 10_000]) {
    const pieces = printed.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [];
    expect(read(...pieces)).toEqual([
      {
        line: 7,
        sqlState: '42P01',
        message: 'relation "x" does not exist. DETAIL:  none',
        statement: 'select *\nERROR:  in a string\nfrom x;',
      },
      {
        line: 9,
        sqlState: null,
        message: '\\connect: connection to server failed: FATAL:  no',
        statement: '',
      },
    ]);
  }
});

it.each(['\u2028', '\u2029', '\r', '\u0085'])('hears of what has %j in its name', (character) => {
  const name = `a${character}b`;
  const printed = `psql:<stdin>:1: ERROR:  42P01: relation "${name}" does not exist\npsql:<stdin>:1: STATEMENT:  DROP TABLE "${name}";\n`;
  expect(read(printed)).toMatchObject([{ sqlState: '42P01', message: `relation "${name}" does not exist` }]);
  expect(read(`psql:<stdin>:1: error: ${name}: no such file\n`)).toMatchObject([{ sqlState: null }]);
});

it('hears of what is said without a word that tells an error, and in other files', () => {
  const printed =
    'psql:<stdin>:3: could not open file "photo.jpg": No such file or directory\n' +
    'psql:<stdin>:4: warning: something\n' +
    'psql:/tmp/gen.sql:1: ERROR:  23505: could not create unique index "a"\n' +
    'psql:/tmp/gen.sql:1: STATEMENT:  CREATE UNIQUE INDEX a ON b (c);\n';
  expect(read(printed)).toEqual([
    {
      line: 3,
      sqlState: null,
      message: 'could not open file "photo.jpg": No such file or directory',
      statement: '',
    },
    {
      line: null,
      sqlState: '23505',
      message: 'could not create unique index "a"',
      statement: 'CREATE UNIQUE INDEX a ON b (c);',
    },
  ]);
});

it('keeps the beginning of a statement, however long it is', () => {
  const [error] = read(
    'psql:<stdin>:1: ERROR:  22000: no\npsql:<stdin>:1: STATEMENT:  ',
    'x'.repeat(100_000),
    '\nmore\n'.repeat(10_000),
  );
  expect(error?.statement.length).toBeLessThan(5000);
});

it.each([
  ['ALTER TABLE public.notes OWNER TO stranger;', 'owners'],
  ['ALTER FUNCTION public.f("a b" text, int)\n  OWNER TO "some one" ;\n', 'owners'],
  ['REASSIGN OWNED BY a TO b', 'owners'],
  ['-- of pg_dump\n\nGRANT ALL ON TABLE a TO b', 'grants'],
  ['ALTER DEFAULT PRIVILEGES FOR ROLE a GRANT ALL ON TABLES TO b', 'grants'],
  ['/* x */ CREATE ROLE evil SUPERUSER', 'roles'],
  ['alter user postgres password $$x$$', 'roles'],
  ['SET SESSION AUTHORIZATION stranger', 'changes of the role'],
  ['SET ROLE stranger', 'changes of the role'],
  ['ALTER TABLE ONLY public."a b" OWNER TO "some one"', 'owners'],
  ['ALTER MATERIALIZED VIEW a OWNER TO b;', 'owners'],
  [`ALTER AGGREGATE f("a;b", VARIADIC "any") OWNER TO b;`, 'owners'],
  ['DROP DATABASE app', 'statements about databases'],
  ['ALTER SYSTEM SET x = 1', 'settings of the server'],
  ['COPY (SELECT 1)\n TO PROGRAM $$id$$', 'COPY to programs'],
  ['CREATE EVENT TRIGGER x ON ddl_command_start EXECUTE FUNCTION y()', 'event triggers'],
  ['CREATE PUBLICATION x FOR ALL TABLES', 'publications'],
  ['COMMENT ON EXTENSION postgis IS $$x$$', 'comments on extensions'],
  ['SET session_replication_role = replica', 'session_replication_role'],
  ['SET default_tablespace = fast', 'settings'],
  ['CREATE EXTENSION IF NOT EXISTS "uuid-ossp" WITH SCHEMA public', 'extension uuid-ossp'],
])('does without %s', (statement, what) => {
  expect(judgeScript(failing(statement))).toMatchObject({ verdict: 'skipped', skipped: { what } });
});

it.each([
  ['SET transaction_timeout = 0', '42704', ''],
  ['CREATE SCHEMA public;', '42P06', 'schema "public" already exists'],
  ['create schema public authorization postgres', '42501', 'must be able to SET ROLE'],
  ['DROP EXTENSION IF EXISTS plpgsql;', '42501', 'must be owner of extension plpgsql'],
  ['', null, 'invalid command \\restrict'],
  ['DROP TABLE public.a;', '42P01', 'table "a" does not exist'],
  ['DROP FUNCTION shop.twice(x integer);', '42883', 'function shop.twice(integer) does not exist'],
  ['DROP EXTENSION citext;', '42704', 'extension "citext" does not exist'],
  ['DROP SCHEMA shop;', '3F000', 'schema "shop" does not exist'],
  ['ALTER TABLE ONLY "a b"."c;d" DROP CONSTRAINT "c d";', '42P01', 'does not exist'],
  ['ALTER TABLE a DROP CONSTRAINT IF EXISTS b CASCADE', '42P01', 'does not exist'],
  ['ALTER DOMAIN shop.email DROP CONSTRAINT valid;', '42704', 'does not exist'],
  [
    'CREATE OR REPLACE VIEW shop.v AS\nSELECT\n    NULL::integer AS id,\n    NULL::shop."a, b"[] AS "c d",\n    NULL::numeric(10,2) AS total;',
    '3F000',
    'schema "shop" does not exist',
  ],
  ['ALTER TABLE shop.items ALTER COLUMN id DROP DEFAULT;', '3F000', 'does not exist'],
  ['ALTER TABLE shop.items ALTER COLUMN id DROP IDENTITY;', '42P01', 'does not exist'],
  [`SELECT pg_catalog.lo_unlink('77');`, '42704', 'large object 77 does not exist'],
])('takes no notice of %s %s %s', (statement, sqlState, message) => {
  expect(judgeScript(failing(statement, sqlState, message)).verdict).toBe('harmless');
});

it.each([
  ['CREATE TABLE x ()', '42501', 'permission denied', 'refused'],
  [`ALTER TABLE a ADD CONSTRAINT c CHECK (s <> 'x OWNER TO y');`, '23514', 'is violated', 'refused'],
  [`ALTER TABLE a ALTER s SET DEFAULT 'x OWNER TO y'`, '42703', 'no column', 'refused'],
  ['ALTER TABLE a RENAME TO "x OWNER TO y"', '42P01', 'no table', 'refused'],
  ['DROP TABLE a; CREATE TABLE a (x int);', '42P01', 'several at once', 'refused'],
  ['CREATE SCHEMA public CREATE TABLE t (x int);', '42P06', 'exists', 'refused'],
  ['CREATE OR REPLACE VIEW v AS SELECT NULL::int AS a, b AS b FROM t;', '42P01', 'no table', 'refused'],
  ['CREATE OR REPLACE VIEW v AS SELECT NULL::int AS a FROM t;', '42P01', 'no table', 'refused'],
  ['DROP EXTENSION citext;', '42501', 'must be owner', 'refused'],
  ['ALTER TABLE a ADD COLUMN b int, OWNER TO bob;', '42704', 'no role', 'refused'],
  ['ALTER  TABLE a ADD CONSTRAINT c CHECK (x > 0), OWNER TO bob;', '42704', 'no role', 'refused'],
  ['ALTER /* x */ TABLE a ADD COLUMN b int, OWNER TO bob;', '42704', 'no role', 'refused'],
  ['GRANT SELECT ON a TO b', '25P02', 'transaction is aborted', 'refused'],
  [`COPY t FROM PROGRAM 'gunzip -c x.gz'`, '42501', 'permission denied', 'refused'],
  ['COPY t ("sent to program x", b) FROM stdin', '42501', 'permission denied', 'refused'],
  [`SET client_encoding = 'x'`, '22023', 'invalid value', 'refused'],
  [`SET TIME ZONE 'x'`, '22023', 'invalid value', 'refused'],
  [`SET TimeZone = 'x'`, '22023', 'invalid value', 'refused'],
  ['DROP TABLE a;', '2BP01', 'other objects depend on it', 'refused'],
  ['DROP TABLE a;', '42501', 'must be owner', 'refused'],
  ['ALTER TABLE a DROP CONSTRAINT b, ADD COLUMN c int;', '42P01', 'no table', 'refused'],
  [`ALTER TABLE a ADD COLUMN b text DEFAULT ' DROP DEFAULT;'`, '42P01', 'no table', 'refused'],
  ['COPY a FROM stdin', '22P02', 'invalid input', 'refused'],
  ['COPY program FROM stdin', '22P02', 'invalid input', 'refused'],
  ['COPY t (id, program ) FROM stdin', '22P02', 'invalid input', 'refused'],
  ['CREATE USER MAPPING FOR x SERVER y', '42704', 'no', 'refused'],
  ['INSERT INTO x VALUES (1)', '53100', 'could not extend file', 'full'],
  ['INSERT INTO x VALUES (1)', '57P01', 'terminating connection', 'lost'],
  ['', null, '\\connect: FATAL:  permission denied for database "app"', 'left'],
  ['', null, 'server closed the connection unexpectedly', 'lost'],
  ['', null, '\\i x: No such file or directory', 'refused'],
])('does not do without %s %s %s', (statement, sqlState, message, verdict) => {
  expect(judgeScript(failing(statement, sqlState, message)).verdict).toBe(verdict);
});

it.each([
  ['a view', 'CREATE OR REPLACE VIEW v AS SELECT' + ' NULL::a  AS b,'.repeat(400) + ' x'],
  ['a view of few names', 'CREATE OR REPLACE VIEW v AS SELECT' + ' NULL::a AS b AS c'.repeat(400)],
  ['an owner', 'ALTER FUNCTION ' + 'OWNER TO a '.repeat(500) + '!'],
  ['a removal', 'DROP ' + '"a" '.repeat(1000) + ';;'],
  ['a COPY', 'COPY ' + '"a" TO PROGRAM'.repeat(400)],
  ['white space', 'ALTER TABLE' + ' '.repeat(4000) + 'x'],
  ['comments', '/* */'.repeat(800) + 'x'],
])('is quick with %s that somebody made up to be slow', (_what, statement) => {
  const startedAt = performance.now();
  judgeScript(failing(statement, '42501'));
  judgeScript(failing(statement, '42P01'));
  expect(performance.now() - startedAt).toBeLessThan(500);
});

describe('the report', () => {
  it('counts what is alike, and tells the first of what failed', () => {
    const report = new ScriptReport();
    for (let i = 0; i < 1000; i++) report.add(failing('ALTER TABLE a OWNER TO b'));
    report.add(failing('CREATE EXTENSION postgis'));
    expect(report.failure()).toBeNull();
    expect(report.skipped).toMatchObject([{ what: 'owners (1000)' }, { what: 'extension postgis' }]);
    for (let i = 0; i < 1000; i++) report.add(failing(`CREATE TABLE t${i} (x geometry)`, '42704', 'no type'));
    expect(report.failure()).toMatchObject({
      code: 'load_failed',
      message: expect.stringMatching(
        /line 1: no type \(CREATE TABLE t0 .* and 997 more errors.*extension postgis/,
      ) as string,
    });
  });

  it('is bounded', () => {
    const report = new ScriptReport();
    for (let i = 0; i < 500; i++) report.add(failing(`CREATE EXTENSION x${i}`));
    expect(report.skipped).toHaveLength(101);
    expect(report.skipped.at(-1)).toMatchObject({ what: '400 more' });
  });

  it('says what a dump of data only lacks', () => {
    const report = new ScriptReport();
    report.add(failing('COPY public.a (x) FROM stdin;', '42P01', 'relation "public.a" does not exist'));
    report.add(failing('1', '42601', 'syntax error at or near "1"'));
    expect(report.failure()?.message).toMatch(/without --data-only .*public.a/);
  });

  it.each([
    ['/* 1 */ INSERT INTO a VALUES (1)', '42P01'],
    ['-- of pg_dump\nCOPY shop.a (x) FROM stdin;', '3F000'],
  ])('says so of %s', (statement, sqlState) => {
    const report = new ScriptReport();
    report.add(failing(statement, sqlState));
    expect(report.failure()?.message).toMatch(/without --data-only/);
  });

  it('names an extension before that', () => {
    const report = new ScriptReport();
    report.add(failing('CREATE EXTENSION postgis'));
    report.add(failing('COPY public.spatial_ref_sys (srid) FROM stdin;', '42P01'));
    expect(report.failure()?.message).toMatch(/extension postgis/);
  });

  it('tells nothing of rows', () => {
    const report = new ScriptReport();
    report.add(failing(`INSERT INTO a (b)\nVALUES ('hush')`, '23505', 'DETAIL:  taken'));
    report.add(failing('1\thush', '42601', 'syntax error at or near "1"'));
    expect(report.failure()?.message).toMatch(/INSERT INTO a \(b\) VALUES …\)/);
    expect(report.failure()?.message).not.toMatch(/hush/);
  });

  it('tells the last error, and not its statement', () => {
    const report = new ScriptReport();
    expect(report.lastError).toBeNull();
    report.add(failing(`CREATE ROLE x PASSWORD 'hush'`, '42501', 'permission denied'));
    expect(report.lastError).toBe('line 1: permission denied');
  });

  it.each([
    ['53100', 'no_space'],
    ['57P01', 'unavailable'],
  ])('says of %s what to do', (sqlState, code) => {
    const report = new ScriptReport();
    report.add(failing('INSERT INTO x VALUES (1)', sqlState));
    report.add(failing('SELECT 1', null, 'You are currently not connected to a database.'));
    expect(report.failure()).toMatchObject({ code });
  });
});
