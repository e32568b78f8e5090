import type { DatabaseContents } from '../../src/runtime/runtime.js';

/** A bit of everything that a tenant may make, about 30 MB of it. */
export const SAMPLE_SQL = `
  CREATE EXTENSION pgcrypto;
  CREATE EXTENSION citext;
  CREATE SCHEMA ext;
  CREATE EXTENSION pg_trgm SCHEMA ext;
  CREATE SCHEMA "Odd ""schema""";
  CREATE SCHEMA "größe; DROP TABLE notes --";
  CREATE TABLE notes (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body text, mail citext);
  INSERT INTO notes (body, mail)
    SELECT md5(i::text) || md5((-i)::text), i || '@example.org' FROM generate_series(1, 250000) i;
  CREATE INDEX ON notes USING gin (body ext.gin_trgm_ops) WHERE id < 1000;
  ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
  CREATE POLICY few ON notes USING (id < 10);
  CREATE TABLE "Odd ""schema""".log (id bigserial PRIMARY KEY, at timestamptz);
  CREATE TABLE "größe; DROP TABLE notes --"."T'able\\ ""é""" ("Column" jsonb);
  INSERT INTO "größe; DROP TABLE notes --"."T'able\\ ""é""" VALUES ('{"x": "\\u00e9"}'), (NULL);
  CREATE TABLE parents (x int);
  CREATE TABLE children (y int) INHERITS (parents);
  INSERT INTO parents VALUES (1), (2);
  INSERT INTO children VALUES (1, 2), (2, 3), (3, 4);
  CREATE TABLE events (day date, what text) PARTITION BY RANGE (day);
  CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
  CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM ('2026-02-01') TO ('2026-03-01') PARTITION BY LIST (what);
  CREATE TABLE events_2_rest PARTITION OF events_2 DEFAULT;
  INSERT INTO events SELECT date '2026-01-01' + i % 31, 'seed' FROM generate_series(1, 1000) i;
  CREATE UNLOGGED TABLE quick AS SELECT 1 AS x;
  CREATE MATERIALIZED VIEW totals AS SELECT x, count(*) FROM parents GROUP BY x;
  CREATE MATERIALIZED VIEW unfilled AS SELECT 1 AS x WITH NO DATA;
  CREATE VIEW shown AS SELECT * FROM notes;
  CREATE FUNCTION twice(x int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 2 * x';
  CREATE TABLE computed (x int, y int GENERATED ALWAYS AS (twice(x)) STORED);
  INSERT INTO computed VALUES (21);
  CREATE TYPE mood AS ENUM ('good', 'bad');
  CREATE TABLE moods (mood mood);
  SELECT lo_from_bytea(4242, 'large'), lo_create(0);
  SET ROLE app;
  CREATE TABLE ext.mine (x int);
  RESET ROLE`;

const COUNTED = [
  ['Odd "schema"', 'log', null],
  ['ext', 'mine', 0],
  ['größe; DROP TABLE notes --', `T'able\\ "é"`, 2],
  ['public', 'children', 3],
  ['public', 'computed', 1],
  ['public', 'events_1', 1000],
  ['public', 'events_2_rest', null],
  ['public', 'moods', 0],
  ['public', 'notes', 250_000],
  ['public', 'parents', 2],
  ['public', 'quick', 1],
  ['public', 'totals', 3, true],
  ['public', 'unfilled', 0, true],
] as const;

/** What has to be told of it. Where somebody wrote meanwhile, there are as many rows as were found. */
export function sampleContents(found: DatabaseContents['tables']): Partial<DatabaseContents> {
  const rowsOf = (schema: string, name: string) =>
    found.find((table) => table.schema === schema && table.name === name)?.rows ?? -1;
  return {
    extensions: [
      { name: 'citext', version: expect.any(String) as string, schema: 'public' },
      { name: 'pg_trgm', version: expect.any(String) as string, schema: 'ext' },
      { name: 'pgcrypto', version: expect.any(String) as string, schema: 'public' },
      { name: 'plpgsql', version: expect.any(String) as string, schema: 'pg_catalog' },
    ],
    schemas: ['Odd "schema"', 'ext', 'größe; DROP TABLE notes --', 'public'],
    tables: expect.arrayContaining(
      COUNTED.map(([schema, name, rows, materialized]) => ({
        schema,
        name,
        rows: rows ?? rowsOf(schema, name),
        ...(materialized && { materialized }),
      })),
    ) as DatabaseContents['tables'],
    largeObjects: 2,
  };
}
