import { InvalidCursorError, type Page, type PageRequest } from '../../src/store/page.js';
import type { Database } from '../../src/domain/records.js';
import { listDatabases } from '../../src/store/databases.js';
import { openTestStore, type TestStore } from './open-test-store.js';
import { sampleApp, sampleDatabase } from './sample-rows.js';

let test: TestStore;
beforeEach(() => (test = openTestStore()));
afterEach(() => test[Symbol.dispose]());

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

function walk(
  list: (page: PageRequest) => Page<Database>,
  limit: number,
): { names: string[]; pages: number } {
  const names: string[] = [];
  let cursor: string | null = null;
  let pages = 0;
  do {
    const page: Page<Database> = list({ limit, cursor });
    names.push(...page.data.map(({ name }) => name));
    cursor = page.nextCursor;
    pages += 1;
  } while (cursor !== null);
  return { names, pages };
}

describe('paging', () => {
  it.each([
    { rows: 0, limit: 5, pages: 1 },
    { rows: 5, limit: 5, pages: 1 },
    { rows: 6, limit: 5, pages: 2 },
    { rows: 11, limit: 1, pages: 11 },
  ])('walks $rows rows by $limit in $pages page(s), each row once', ({ rows, limit, pages }) => {
    const app = sampleApp(test.store);
    // All at one instant: the id breaks the tie.
    const names = Array.from({ length: rows }, (_, n) => `db-${n}`);
    for (const name of names) sampleDatabase(test.store, { app, name });
    const walked = walk((page) => listDatabases(test.store, app.id, page), limit);
    expect(walked.names.sort()).toEqual(names.sort());
    expect(walked.pages).toBe(pages);
  });

  it('neither repeats nor skips what was there when rows are added meanwhile', () => {
    const app = sampleApp(test.store);
    const add = (name: string) => {
      test.clock.advance(1);
      sampleDatabase(test.store, { app, name });
    };
    ['aa', 'bb', 'cc'].forEach(add);
    const first = listDatabases(test.store, app.id, { limit: 2, cursor: null });
    add('dd');
    const second = listDatabases(test.store, app.id, { limit: 2, cursor: first.nextCursor });
    expect([...first.data, ...second.data].map(({ name }) => name)).toEqual(['aa', 'bb', 'cc', 'dd']);
  });

  it.each([
    ['nothing', ''],
    ['no base64', '%%%'],
    ['no JSON', Buffer.from('{').toString('base64url')],
    ['no list', encode({ createdAt: 'x' })],
    ['too few parts', encode(['x'])],
    ['too many parts', encode(['x', 'y', 'z'])],
    ['a part of the wrong type', encode([null, 'x'])],
    ['a nested part', encode([['x'], 'y'])],
    ['a fraction', encode([1.5, 'x'])],
  ])('refuses a cursor that is %s', (_, cursor) => {
    const app = sampleApp(test.store);
    expect(() => listDatabases(test.store, app.id, { limit: 2, cursor })).toThrow(InvalidCursorError);
  });

  it('takes SQL in a cursor for what it is: a value', () => {
    const app = sampleApp(test.store);
    sampleDatabase(test.store, { app });
    const cursor = encode([`' OR 1=1; DROP TABLE databases; --`, 'x']);
    listDatabases(test.store, app.id, { limit: 2, cursor });
    expect(listDatabases(test.store, app.id, { limit: 2, cursor: null }).data).toHaveLength(1);
  });
});
