import { compareContents } from '../../src/backups/compare-contents.js';
import type { BackupContents } from '../../src/backups/manifest.js';

const EXPECTED: BackupContents = {
  extensions: [
    { name: 'citext', version: '1.6', schema: 'public' },
    { name: 'plpgsql', version: '1.0', schema: 'pg_catalog' },
  ],
  schemas: ['public', 'sales'],
  tables: [
    { schema: 'public', name: 'orders', rows: 42 },
    { schema: 'sales', name: 'orders', rows: 7 },
  ],
  largeObjects: 2,
};

const compare = (change: Partial<BackupContents>) => compareContents(EXPECTED, { ...EXPECTED, ...change });

describe('contents', () => {
  it('are the same in whatever order', () => {
    expect(compare({})).toEqual([]);
    expect(
      compare({
        extensions: EXPECTED.extensions.toReversed(),
        schemas: EXPECTED.schemas.toReversed(),
        tables: EXPECTED.tables.toReversed(),
      }),
    ).toEqual([]);
  });

  it('that are missing are named', () => {
    expect(
      compareContents(EXPECTED, { extensions: [], schemas: ['public'], tables: [], largeObjects: 1 }),
    ).toEqual([
      'extension "citext" is missing',
      'extension "plpgsql" is missing',
      'schema "sales" is missing',
      'table "public"."orders" is missing',
      'table "sales"."orders" is missing',
      '1 large object instead of 2',
    ]);
  });

  it('that are too many are named', () => {
    expect(compareContents({ extensions: [], schemas: [], tables: [], largeObjects: 0 }, EXPECTED)).toEqual([
      'extension "citext" was not in the dump',
      'extension "plpgsql" was not in the dump',
      'schema "sales" was not in the dump',
      'table "public"."orders" was not in the dump',
      'table "sales"."orders" was not in the dump',
      '2 large objects instead of 0',
    ]);
  });

  it('that differ are named with how', () => {
    expect(
      compare({
        // A newer version of it is that of a newer image.
        extensions: [{ name: 'citext', version: '1.7', schema: 'sales' }, ...EXPECTED.extensions.slice(1)],
        tables: [
          { schema: 'public', name: 'orders', rows: 41 },
          { schema: 'sales', name: 'orders', rows: 1 },
        ],
      }),
    ).toEqual([
      'extension "citext" is in schema "sales" instead of "public"',
      'table "public"."orders" has 41 rows instead of 42',
      'table "sales"."orders" has 1 row instead of 7',
    ]);
  });

  it('have the schema `public` although it was dropped, of which a dump cannot tell', () => {
    const dropped = { ...EXPECTED, schemas: ['sales'] };
    expect(compareContents(dropped, EXPECTED)).toEqual([]);
    expect(compareContents(EXPECTED, dropped)).toEqual(['schema "public" is missing']);
  });

  it('with dots in their names are not mixed up', () => {
    const tables = (schema: string, name: string) => ({ ...EXPECTED, tables: [{ schema, name, rows: 1 }] });
    expect(compareContents(tables('a', 'b.c'), tables('a.b', 'c'))).toEqual([
      'table "a"."b.c" is missing',
      'table "a.b"."c" was not in the dump',
    ]);
  });

  it('that differ in a thousand ways make no thousand lines, nor long ones', () => {
    const tables = Array.from({ length: 1000 }, (_, n) => ({
      schema: 'public',
      name: `${n}\n${'x'.repeat(999)}`,
      rows: 1,
    }));
    const differences = compareContents({ ...EXPECTED, tables }, { ...EXPECTED, tables: [] });
    expect(differences).toHaveLength(21);
    expect(differences.at(-1)).toBe('and 980 more differences');
    for (const line of differences) {
      expect(line.length).toBeLessThan(200);
      expect(line).not.toContain('\n');
    }
  });

  it('has materialised views, whose rows do not count', () => {
    const view = { schema: 'public', name: 'totals', kind: 'view' as const };
    const tables = (rows: number, kind?: 'view') => ({
      ...EXPECTED,
      tables: [{ ...view, rows, kind }],
    });
    expect(compareContents(tables(1, 'view'), tables(2, 'view'))).toEqual([]);
    expect(compareContents(tables(1, 'view'), { ...EXPECTED, tables: [] })).toEqual([
      'materialised view "public"."totals" is missing',
    ]);
    // As an older manifest has it.
    expect(compareContents(tables(1), tables(2, 'view'))).toEqual([]);
    expect(compareContents(tables(1, 'view'), tables(2))).toEqual([
      'materialised view "public"."totals" has 2 rows instead of 1',
    ]);
  });
});
