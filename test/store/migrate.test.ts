import Sqlite from 'better-sqlite3';
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { migrate } from '../../src/store/migrate.js';
import { MIGRATIONS } from '../repository.js';
import { temporaryFolder } from '../temporary-folder.js';

/** A control database, and a folder that holds copies of our migrations for a test to change. */
function freshFiles() {
  const folder = temporaryFolder();
  const migrations = join(folder.path, 'migrations');
  mkdirSync(migrations);
  for (const file of readdirSync(MIGRATIONS)) copyFileSync(join(MIGRATIONS, file), join(migrations, file));
  const sql = new Sqlite(join(folder.path, 'paasdb.sqlite'));
  return {
    sql,
    migrations,
    copies: join(folder.path, 'backups', 'control'),
    [Symbol.dispose]: () => {
      sql.close();
      folder[Symbol.dispose]();
    },
  };
}

const versionOf = (sql: Sqlite.Database) => sql.pragma('user_version', { simple: true });
const schemaOf = (sql: Sqlite.Database) =>
  sql.prepare('SELECT name, sql FROM sqlite_master ORDER BY name').all();
const newest = readdirSync(MIGRATIONS).length;
const nameOf = (version: number) => `${String(version).padStart(4, '0')}_more.sql`;

describe('migrate', () => {
  it('brings an empty database to the newest schema', () => {
    using files = freshFiles();
    migrate(files.sql, files);
    expect(versionOf(files.sql)).toBe(newest);
    expect(files.sql.prepare('SELECT count(*) AS n FROM databases').get()).toEqual({ n: 0 });
  });

  it('changes nothing when run again', () => {
    using files = freshFiles();
    migrate(files.sql, files);
    const before = schemaOf(files.sql);
    migrate(files.sql, files);
    expect(schemaOf(files.sql)).toEqual(before);
    expect(versionOf(files.sql)).toBe(newest);
  });

  it('runs only what is new', () => {
    using files = freshFiles();
    migrate(files.sql, files);
    writeFileSync(join(files.migrations, nameOf(newest + 1)), 'CREATE TABLE more (id TEXT) STRICT;');
    migrate(files.sql, files);
    expect(versionOf(files.sql)).toBe(newest + 1);
    expect(files.sql.prepare('SELECT count(*) AS n FROM more').get()).toEqual({ n: 0 });
  });

  it('refuses a database that a newer version wrote, and leaves it as it is', () => {
    using files = freshFiles();
    migrate(files.sql, files);
    files.sql.pragma(`user_version = ${newest + 1}`);
    const before = schemaOf(files.sql);
    expect(() => migrate(files.sql, files)).toThrow(/start the newer version/);
    expect(schemaOf(files.sql)).toEqual(before);
  });

  it('refuses a folder in which a number is missing', () => {
    using files = freshFiles();
    writeFileSync(join(files.migrations, nameOf(newest + 2)), 'CREATE TABLE late (id TEXT) STRICT;');
    expect(() => migrate(files.sql, files)).toThrow(`migration ${newest + 1} is missing`);
    expect(schemaOf(files.sql)).not.toContainEqual(expect.objectContaining({ name: 'late' }));
  });

  it.each(['2_more.sql', '0002-more.sql', '0002_More.sql', 'more.sql'])(
    'refuses a folder with a file that it would pass over: %s',
    (file) => {
      using files = freshFiles();
      const path = join(files.migrations, file);
      writeFileSync(path, 'CREATE TABLE more (id TEXT) STRICT;');
      expect(() => migrate(files.sql, files)).toThrow(`${path} is not named NNNN_name.sql`);
      expect(schemaOf(files.sql)).toEqual([]);
    },
  );

  it('takes back a file that fails half way, so that it can be run again', () => {
    using files = freshFiles();
    migrate(files.sql, files);
    const path = join(files.migrations, nameOf(newest + 1));
    writeFileSync(path, 'CREATE TABLE half (id TEXT) STRICT; CREATE TABLE half (id TEXT) STRICT;');
    expect(() => migrate(files.sql, files)).toThrow(/half/);
    expect(versionOf(files.sql)).toBe(newest);
    writeFileSync(path, 'CREATE TABLE half (id TEXT) STRICT;');
    migrate(files.sql, files);
    expect(versionOf(files.sql)).toBe(newest + 1);
  });

  it('takes back all files when the last of several fails', () => {
    using files = freshFiles();
    migrate(files.sql, files);
    const before = schemaOf(files.sql);
    writeFileSync(join(files.migrations, nameOf(newest + 1)), 'CREATE TABLE more (id TEXT) STRICT;');
    writeFileSync(join(files.migrations, nameOf(newest + 2)), 'DROP TABLE tokens; NONSENSE;');
    expect(() => migrate(files.sql, files)).toThrow(
      `migration ${nameOf(newest + 2)} failed (near "NONSENSE": syntax error). The control database is as it was, at schema ${newest}: start the version that ran before`,
    );
    expect(schemaOf(files.sql)).toEqual(before);
    expect(versionOf(files.sql)).toBe(newest);
  });

  describe('the copy', () => {
    const next = (files: ReturnType<typeof freshFiles>) =>
      writeFileSync(join(files.migrations, nameOf(newest + 1)), 'DROP TABLE tokens;');

    it('is not made of nothing, nor when nothing is to be done', () => {
      using files = freshFiles();
      migrate(files.sql, files);
      migrate(files.sql, files);
      expect(existsSync(files.copies)).toBe(false);
    });

    it('holds what was there before, readable by its owner alone', () => {
      using files = freshFiles();
      files.sql.pragma('journal_mode = WAL');
      migrate(files.sql, files);
      files.sql.exec(
        "INSERT INTO orgs (slug, plan, status, created_at) VALUES ('acme', 'team', 'ready', '2030')",
      );
      const before = schemaOf(files.sql);
      next(files);
      migrate(files.sql, files);
      const file = join(files.copies, `paasdb-schema-${newest}.sqlite`);
      expect(readdirSync(files.copies)).toEqual([basename(file)]);
      expect(statSync(file).mode & 0o777).toBe(0o600);
      const copy = new Sqlite(file, { readonly: true });
      expect([versionOf(copy), schemaOf(copy)]).toEqual([newest, before]);
      expect(copy.prepare('SELECT slug FROM orgs').pluck().all()).toContain('acme');
      expect(copy.pragma('integrity_check', { simple: true })).toBe('ok');
      copy.close();
    });

    it('is named where an older version refuses what a newer one wrote', () => {
      using files = freshFiles();
      migrate(files.sql, files);
      next(files);
      migrate(files.sql, files);
      rmSync(join(files.migrations, nameOf(newest + 1)));
      const copy = join(files.copies, `paasdb-schema-${newest}.sqlite`);
      expect(() => migrate(files.sql, files)).toThrow(`put ${copy} in its place`);
    });

    it('that cannot be made leaves the database as it is, and no part of a copy', () => {
      using files = freshFiles();
      migrate(files.sql, files);
      next(files);
      mkdirSync(join(files.copies, `paasdb-schema-${newest}.sqlite`), { recursive: true });
      expect(() => migrate(files.sql, files)).toThrow(
        /copying the control database to .* failed .*start the version that ran before/,
      );
      expect(versionOf(files.sql)).toBe(newest);
      expect(readdirSync(files.copies)).toEqual([`paasdb-schema-${newest}.sqlite`]);
    });
  });

  it('makes STRICT tables only', () => {
    using files = freshFiles();
    migrate(files.sql, files);
    const lax = files.sql
      .prepare(
        `SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND strict = 0 AND name NOT LIKE 'sqlite_%'`,
      )
      .all();
    expect(lax).toEqual([]);
  });
});
