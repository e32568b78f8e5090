import { DATABASE_STATUSES, sourcesOf, type DatabaseStatus } from '../../src/domain/database-status.js';
import {
  countLiveDatabases,
  findDatabase,
  findDatabaseById,
  insertDatabase,
  listDatabases,
  listDatabasesToWatch,
  listUsableDatabases,
  setDatabaseStatus,
} from '../../src/store/databases.js';
import { claimNextOperation, settleOperation } from '../../src/store/operation-queue.js';
import { enqueueOperation } from '../../src/store/operations.js';
import { insertVolume } from '../../src/store/volumes.js';
import { openTestStore, type TestStore } from './open-test-store.js';
import { defined, readyDatabase, sampleApp, sampleDatabase } from './sample-rows.js';

let test: TestStore;
beforeEach(() => (test = openTestStore()));
afterEach(() => test[Symbol.dispose]());

const ALL = { limit: 100, cursor: null };
const statusOf = (id: string) => findDatabaseById(test.store, id)?.status;

const EXISTS = { name: 'SqliteError', code: 'SQLITE_CONSTRAINT_UNIQUE' };

/** Forces a status, legal or not: the starting point of a transition. */
const force = (id: string, status: DatabaseStatus) =>
  test.store.run('UPDATE databases SET status = ? WHERE id = ?', status, id);

function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('the status of a database', () => {
  const pairs = DATABASE_STATUSES.flatMap((from) => DATABASE_STATUSES.map((to) => ({ from, to })));

  it.each(pairs.filter(({ from, to }) => sourcesOf(to).includes(from)))(
    'goes from $from to $to',
    ({ from, to }) => {
      const { id } = sampleDatabase(test.store);
      force(id, from);
      setDatabaseStatus(test.store, id, to);
      expect(statusOf(id)).toBe(to);
    },
  );

  it.each(pairs.filter(({ from, to }) => !sourcesOf(to).includes(from)))(
    'never goes from $from to $to',
    ({ from, to }) => {
      const { id } = sampleDatabase(test.store);
      force(id, from);
      expect(() => setDatabaseStatus(test.store, id, to)).toThrow(`cannot become ${to}`);
      expect(statusOf(id)).toBe(from);
    },
  );

  it('is not set for a database that does not exist', () => {
    expect(() => setDatabaseStatus(test.store, '0nothing', 'deleting')).toThrow(/cannot become deleting/);
  });

  it('keeps the time of the first ready, and of the deletion', () => {
    const { id } = sampleDatabase(test.store);
    setDatabaseStatus(test.store, id, 'provisioning');
    setDatabaseStatus(test.store, id, 'ready');
    const readyAt = test.store.now();
    test.clock.advance(60_000);
    setDatabaseStatus(test.store, id, 'failed', 'the disk is full');
    expect(findDatabaseById(test.store, id)).toMatchObject({ errorMessage: 'the disk is full', readyAt });
    setDatabaseStatus(test.store, id, 'ready');
    expect(findDatabaseById(test.store, id)).toMatchObject({ errorMessage: null, readyAt, deletedAt: null });
    setDatabaseStatus(test.store, id, 'deleting');
    setDatabaseStatus(test.store, id, 'deleted');
    expect(findDatabaseById(test.store, id)).toMatchObject({ readyAt, deletedAt: test.store.now() });
  });
});

describe('insertDatabase', () => {
  const insert = (appId: string, name: string) => {
    const id = test.store.newId();
    insertVolume(test.store, { id, org: 'acme', engineVersion: 17 });
    insertDatabase(test.store, { id, appId, name, engineVersion: 17, plan: 'free', volumeId: id });
  };

  it('refuses a second live database of the same name in an app', () => {
    const app = sampleApp(test.store);
    insert(app.id, 'main');
    expect(thrownBy(() => insert(app.id, 'main'))).toMatchObject(EXISTS);
  });

  it('lets another app have the name', () => {
    insert(sampleApp(test.store).id, 'main');
    insert(sampleApp(test.store, { slug: 'shop' }).id, 'main');
  });

  it('lets a name be used again once its database is deleted, not before', () => {
    const app = sampleApp(test.store);
    const { id } = sampleDatabase(test.store, { app });
    setDatabaseStatus(test.store, id, 'deleting');
    expect(thrownBy(() => insert(app.id, 'main'))).toMatchObject(EXISTS);
    setDatabaseStatus(test.store, id, 'deleted');
    insert(app.id, 'main');
  });

  it('never lets two live databases share a volume', () => {
    const app = sampleApp(test.store);
    const { volumeId } = sampleDatabase(test.store, { app });
    const twice = () =>
      insertDatabase(test.store, {
        id: test.store.newId(),
        appId: app.id,
        name: 'twin',
        engineVersion: 17,
        plan: 'free',
        volumeId,
      });
    expect(thrownBy(twice)).toMatchObject(EXISTS);
  });
});

describe('finding databases', () => {
  it('finds by id or by name, in its own app only', () => {
    const app = sampleApp(test.store);
    const other = sampleApp(test.store, { slug: 'shop' });
    const { id } = sampleDatabase(test.store, { app });
    expect(findDatabase(test.store, app.id, 'main')?.id).toBe(id);
    expect(findDatabase(test.store, app.id, id)?.id).toBe(id);
    expect(findDatabase(test.store, other.id, 'main')).toBeUndefined();
    expect(findDatabase(test.store, other.id, id)).toBeUndefined();
  });

  it('finds a deleted one by its id, not by its name', () => {
    const app = sampleApp(test.store);
    const { id } = sampleDatabase(test.store, { app });
    setDatabaseStatus(test.store, id, 'deleting');
    setDatabaseStatus(test.store, id, 'deleted');
    expect(findDatabase(test.store, app.id, 'main')).toBeUndefined();
    expect(findDatabase(test.store, app.id, id)?.status).toBe('deleted');
  });

  it('lists and counts the live ones of an app, and counts those of an org', () => {
    const web = sampleApp(test.store);
    const shop = sampleApp(test.store, { slug: 'shop' });
    const gone = sampleDatabase(test.store, { app: web, name: 'gone' });
    setDatabaseStatus(test.store, gone.id, 'deleting');
    setDatabaseStatus(test.store, gone.id, 'deleted');
    const failed = sampleDatabase(test.store, { app: web, name: 'failed' });
    setDatabaseStatus(test.store, failed.id, 'failed', 'no');
    sampleDatabase(test.store, { app: shop });
    sampleDatabase(test.store, { app: sampleApp(test.store, { org: 'globex' }) });
    expect(listDatabases(test.store, web.id, ALL).data.map(({ name }) => name)).toEqual(['failed']);
    expect(countLiveDatabases(test.store, { appId: web.id })).toBe(1);
    expect(countLiveDatabases(test.store, { org: 'acme' })).toBe(2);
    expect(countLiveDatabases(test.store, { org: 'globex' })).toBe(1);
  });
});

describe('listUsableDatabases', () => {
  it('gives those that were ready once and that nobody deletes', () => {
    const app = sampleApp(test.store);
    sampleDatabase(test.store, { app, name: 'pending' });
    readyDatabase(test.store, { app, name: 'ready' });
    const broken = readyDatabase(test.store, { app, name: 'broken' });
    setDatabaseStatus(test.store, broken.id, 'failed', 'it stopped');
    const leaving = readyDatabase(test.store, { app, name: 'leaving' });
    setDatabaseStatus(test.store, leaving.id, 'deleting');
    const never = sampleDatabase(test.store, { app, name: 'never' });
    setDatabaseStatus(test.store, never.id, 'failed', 'no image');
    expect(listUsableDatabases(test.store, app.id).map(({ name }) => name)).toEqual(['broken', 'ready']);
  });
});

describe('listDatabasesToWatch', () => {
  const watched = (failedBefore = test.store.now(-60_000)) =>
    listDatabasesToWatch(test.store, failedBefore).map(({ name }) => name);

  it('gives those that should be running', () => {
    sampleDatabase(test.store, { name: 'pending' });
    readyDatabase(test.store, { name: 'ready' });
    const leaving = readyDatabase(test.store, { name: 'leaving' });
    setDatabaseStatus(test.store, leaving.id, 'deleting');
    expect(watched()).toEqual(['ready']);
  });

  it('leaves out those with work queued or running', () => {
    const { id } = readyDatabase(test.store);
    enqueueOperation(test.store, { databaseId: id, kind: 'restart' });
    expect(watched()).toEqual([]);
    const operation = defined(claimNextOperation(test.store, 1000));
    expect(watched()).toEqual([]);
    settleOperation(test.store, operation.id, 'succeeded', { errorMessage: null, progress: null });
    expect(watched()).toEqual(['main']);
  });

  it.each(['backup', 'restore', 'import'] as const)(
    'gives one whose %s waits, and not one where it is at work',
    (kind) => {
      const { id } = readyDatabase(test.store);
      enqueueOperation(test.store, { databaseId: id, kind });
      expect(watched()).toEqual(['main']);
      claimNextOperation(test.store, 1000);
      expect(watched()).toEqual([]);
    },
  );

  it('leaves out one whose repair failed a short while ago', () => {
    const { id } = readyDatabase(test.store);
    enqueueOperation(test.store, { databaseId: id, kind: 'repair' });
    const operation = defined(claimNextOperation(test.store, 1000));
    settleOperation(test.store, operation.id, 'failed', { errorMessage: 'no', progress: null });
    setDatabaseStatus(test.store, id, 'failed', 'no');
    expect(watched()).toEqual([]);
    test.clock.advance(60_000);
    expect(watched()).toEqual(['main']);
  });

  it.each(['verify', 'copy', 'backup', 'restore', 'import'] as const)(
    'gives one whose %s failed a short while ago: that says nothing about what runs',
    (kind) => {
      const { id } = readyDatabase(test.store);
      enqueueOperation(test.store, { databaseId: id, kind });
      const operation = defined(claimNextOperation(test.store, 1000));
      settleOperation(test.store, operation.id, 'failed', { errorMessage: 'no', progress: null });
      expect(watched()).toEqual(['main']);
    },
  );

  it.each(['verify', 'copy'] as const)('gives one of which a backup is at work (%s)', (kind) => {
    const { id } = readyDatabase(test.store);
    enqueueOperation(test.store, { databaseId: id, kind });
    expect(watched()).toEqual(['main']);
    claimNextOperation(test.store, 1000);
    expect(watched()).toEqual(['main']);
  });
});
