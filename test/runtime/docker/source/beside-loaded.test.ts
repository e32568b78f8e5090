import { compareContents } from '../../../../src/backups/compare-contents.js';
import { besideLoaded } from '../../../../src/runtime/docker/source/beside-loaded.js';
import type { DatabaseContents } from '../../../../src/runtime/runtime.js';
import type { SourceContents } from '../../../../src/runtime/docker/source/source-contents.js';

const SOURCE: SourceContents = {
  serverVersion: '15.4',
  extensions: [
    { name: 'citext', version: '1.5', schema: 'public' },
    { name: 'pg_cron', version: '1.4', schema: 'pg_catalog' },
    { name: 'plpgsql', version: '1.0', schema: 'pg_catalog' },
  ],
  schemas: ['cron', 'public', 'shop'],
  tables: [
    { schema: 'public', name: 'orders', rows: 42 },
    { schema: 'shop', name: 'totals', rows: 7, kind: 'view' },
  ],
  largeObjects: 1,
  extensionSchemas: [{ schema: 'cron', extension: 'pg_cron' }],
};

const LOADED: DatabaseContents = {
  serverVersion: '17.2',
  extensions: [
    { name: 'citext', version: '1.6', schema: 'public' },
    { name: 'plpgsql', version: '1.0', schema: 'pg_catalog' },
  ],
  schemas: ['public', 'shop'],
  tables: [
    { schema: 'public', name: 'orders', rows: 42 },
    { schema: 'shop', name: 'totals', rows: 8, kind: 'view' },
  ],
  largeObjects: 1,
};

const LOADABLE = new Set(['citext', 'plpgsql', 'hstore']);

const differences = (source: Partial<SourceContents>, loaded: Partial<DatabaseContents>) => {
  const there = { ...LOADED, ...loaded };
  return compareContents(besideLoaded({ ...SOURCE, ...source }, there, LOADABLE), there);
};

it('leaves out what differs on purpose', () => {
  expect(differences({}, {})).toEqual([]);
  const [citext, cron] = SOURCE.extensions;
  const without = { schemas: ['cron', 'shop'], extensions: [citext, cron] } as Partial<SourceContents>;
  expect(differences(without, {})).toEqual([]);
});

it('keeps every row, and all that should be there', () => {
  expect(
    differences(
      { extensions: [...SOURCE.extensions, { name: 'hstore', version: '1.8', schema: 'public' }] },
      {
        tables: [{ schema: 'public', name: 'orders', rows: 41 }],
        schemas: ['public'],
        largeObjects: 0,
      },
    ),
  ).toEqual([
    'extension "hstore" is missing',
    'schema "shop" is missing',
    'table "public"."orders" has 41 rows instead of 42',
    'materialised view "shop"."totals" is missing',
    '0 large objects instead of 1',
  ]);
});

it('tells the version of its own server', () => {
  expect(besideLoaded(SOURCE, LOADED, LOADABLE).serverVersion).toBe('15.4');
});
