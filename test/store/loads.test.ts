import { generateKeyLine, Keyring } from '../../src/secrets/keyring.js';
import { sha256 } from '../../src/secrets/digest.js';
import { generateId } from '../../src/secrets/random.js';
import { insertDatabase, setDatabaseStatus } from '../../src/store/databases.js';
import {
  getLoad,
  insertLoad,
  listExpiredPrevious,
  listSourceKeyIds,
  markPreviousRemoved,
  recordPrevious,
  resealSources,
} from '../../src/store/loads.js';
import { openStore } from '../../src/store/open.js';
import { claimNextOperation, settleOperation } from '../../src/store/operation-queue.js';
import { cancelOperations, enqueueOperation } from '../../src/store/operations.js';
import type { Store } from '../../src/store/store.js';
import { openTestStore, testFolders } from './open-test-store.js';
import { readyDatabase, sampleApp } from './sample-rows.js';

const URL = 'postgresql://ada:hunter2@db.example.com/shop';
const DAY_MS = 86_400_000;

function queueImport(store: Store, databaseId: string, sourceUrl: string | null = URL): string {
  const { id } = enqueueOperation(store, { databaseId, kind: 'import' });
  const previousKeptForMs = 7 * DAY_MS;
  insertLoad(store, { operationId: id, databaseId, replaces: true, sourceUrl, previousKeptForMs });
  return id;
}

function settle(store: Store, id: string, status: 'succeeded' | 'failed'): void {
  claimNextOperation(store, 1000);
  settleOperation(store, id, status, { errorMessage: null, progress: null });
}

const sealedOf = (store: Store) =>
  store
    .all<{ source_sealed: string | null }>('SELECT source_sealed FROM loads')
    .map((row) => row.source_sealed);

describe('the URL of a source', () => {
  it('is kept sealed, for its own operation alone', () => {
    using test = openTestStore();
    const { store } = test;
    const { id: databaseId } = readyDatabase(store);
    const id = queueImport(store, databaseId);
    expect(getLoad(store, id)).toMatchObject({ operationId: id, databaseId, replaces: true, sourceUrl: URL });
    expect(JSON.stringify(sealedOf(store))).not.toMatch(/hunter2|example/);
    const other = queueImport(store, databaseId, null);
    store.run(
      'UPDATE loads SET source_sealed = (SELECT source_sealed FROM loads WHERE operation_id = ?) WHERE operation_id = ?',
      id,
      other,
    );
    expect(() => getLoad(store, other)).toThrow();
  });

  it.each(['succeeded', 'failed'] as const)('is wiped when the operation %s', (status) => {
    using test = openTestStore();
    const { store } = test;
    const id = queueImport(store, readyDatabase(store).id);
    settle(store, id, status);
    expect(sealedOf(store)).toEqual([null]);
    expect(getLoad(store, id).sourceUrl).toBeNull();
  });

  it('is wiped when the operation is cancelled with its database', () => {
    using test = openTestStore();
    const { store } = test;
    const { id } = readyDatabase(store);
    queueImport(store, id);
    cancelOperations(store, id);
    expect(sealedOf(store)).toEqual([null]);
  });

  it('stays when an attempt goes back to the queue', () => {
    using test = openTestStore();
    const { store } = test;
    const id = queueImport(store, readyDatabase(store).id);
    claimNextOperation(store, 1000);
    store.run(`UPDATE operations SET status = 'queued' WHERE id = ?`, id);
    expect(getLoad(store, id).sourceUrl).toBe(URL);
  });

  it('is sealed anew with a new key', () => {
    using test = openTestStore();
    const id = queueImport(test.store, readyDatabase(test.store).id);
    const [oldLine, newLine] = [test.keyring, generateKeyLine()];
    const old = listSourceKeyIds(test.store);
    expect(old).toEqual([oldLine.activeKeyId]);
    const both = Keyring.parse(newLine);
    const sealer = {
      activeKeyId: both.activeKeyId,
      seal: both.seal.bind(both),
      open: (...[sealed, place]: Parameters<Keyring['open']>) =>
        (both.keyIdOf(sealed) === both.activeKeyId ? both : test.keyring).open(sealed, place),
      keyIdOf: both.keyIdOf.bind(both),
      holds: () => true,
    };
    using store = openStore(test.path, testFolders(test.folder), {
      clock: test.clock.read,
      sealer,
      sha256,
      generateId,
    });
    expect(resealSources(store)).toBe(1);
    expect(resealSources(store)).toBe(0);
    expect(listSourceKeyIds(store)).toEqual([both.activeKeyId]);
    expect(getLoad(store, id).sourceUrl).toBe(URL);
  });
});

describe('former data', () => {
  const expired = (store: Store) => listExpiredPrevious(store).map(({ databaseId }) => databaseId);

  it('may go when it was kept long enough, once', () => {
    using test = openTestStore();
    const { store, clock } = test;
    const { id: databaseId } = readyDatabase(store);
    const id = queueImport(store, databaseId);
    const keptUntil = recordPrevious(store, id, { name: 'paasdb_previous_x', keptForMs: DAY_MS });
    settle(store, id, 'succeeded');
    clock.advance(DAY_MS - 1);
    expect(expired(store)).toEqual([]);
    clock.advance(1);
    expect(keptUntil).toBe(store.now());
    expect(expired(store)).toEqual([databaseId]);
    markPreviousRemoved(store, id);
    expect(expired(store)).toEqual([]);
  });

  it('is kept as long by a clock that is behind', () => {
    using test = openTestStore();
    const { store, clock } = test;
    const { id: databaseId } = readyDatabase(store);
    settle(store, queueImport(store, databaseId), 'succeeded');
    const truth = store.now(DAY_MS);
    clock.advance(-30 * DAY_MS);
    expect(recordPrevious(store, queueImport(store, databaseId), { name: 'p', keptForMs: DAY_MS })).toBe(
      truth,
    );
  });

  it('of a load that failed, nobody knows how late, is kept just as long', () => {
    using test = openTestStore();
    const { store, clock } = test;
    const { id: databaseId } = readyDatabase(store);
    settle(store, queueImport(store, databaseId), 'failed');
    clock.advance(7 * DAY_MS - 1);
    expect(expired(store)).toEqual([]);
    clock.advance(1);
    expect(expired(store)).toEqual([databaseId]);
  });

  it('stays while its load is not settled, and while something else is done to the database', () => {
    using test = openTestStore();
    const { store } = test;
    const { id: databaseId } = readyDatabase(store);
    const id = queueImport(store, databaseId);
    recordPrevious(store, id, { name: 'paasdb_previous_x', keptForMs: 0 });
    expect(expired(store)).toEqual([]);
    settle(store, id, 'succeeded');
    expect(expired(store)).toEqual([databaseId]);
    enqueueOperation(store, { databaseId, kind: 'restart' });
    claimNextOperation(store, 1000);
    expect(expired(store)).toEqual([]);
  });

  it('stays in a preserved volume, and goes from the database that it is attached to', () => {
    using test = openTestStore();
    const { store } = test;
    const app = sampleApp(store);
    const { id: databaseId, volumeId } = readyDatabase(store, { app });
    const id = queueImport(store, databaseId);
    recordPrevious(store, id, { name: 'paasdb_previous_x', keptForMs: 0 });
    settle(store, id, 'succeeded');
    setDatabaseStatus(store, databaseId, 'deleting');
    expect(expired(store)).toEqual([]);
    setDatabaseStatus(store, databaseId, 'deleted');
    expect(expired(store)).toEqual([]);
    const again = store.newId();
    insertDatabase(store, {
      id: again,
      appId: app.id,
      name: 'again',
      engineVersion: 17,
      plan: 'standard',
      volumeId,
    });
    expect(expired(store)).toEqual([]);
    setDatabaseStatus(store, again, 'provisioning');
    setDatabaseStatus(store, again, 'ready');
    expect(expired(store)).toEqual([again]);
  });
});
