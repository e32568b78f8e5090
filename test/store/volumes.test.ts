import { setDatabaseStatus, insertDatabase } from '../../src/store/databases.js';
import {
  findVolume,
  listPreservedVolumes,
  markVolumeHoldsData,
  setVolumeState,
} from '../../src/store/volumes.js';
import { openTestStore, type TestStore } from './open-test-store.js';
import { readyDatabase, sampleApp, sampleDatabase } from './sample-rows.js';

let test: TestStore;
beforeEach(() => (test = openTestStore()));
afterEach(() => test[Symbol.dispose]());

/** The preserved volume of a database that was ready and is deleted. */
function preservedVolume(name = 'main') {
  const database = readyDatabase(test.store, { name });
  setDatabaseStatus(test.store, database.id, 'deleting');
  setDatabaseStatus(test.store, database.id, 'deleted');
  setVolumeState(test.store, database.volumeId, 'preserved', ['attached']);
  return database.volumeId;
}

describe('a volume', () => {
  it('begins attached and without data', () => {
    const { volumeId, id } = sampleDatabase(test.store);
    expect(findVolume(test.store, volumeId)).toMatchObject({
      org: 'acme',
      app: 'web',
      databaseName: 'main',
      databaseId: id,
      engineVersion: 17,
      state: 'attached',
      holdsData: false,
      preservedAt: null,
    });
    markVolumeHoldsData(test.store, volumeId);
    expect(findVolume(test.store, volumeId)?.holdsData).toBe(true);
  });

  it('is attached or purged, never both: the first to ask has it', () => {
    const id = preservedVolume();
    expect(setVolumeState(test.store, id, 'attached', ['preserved'])).toBe(true);
    expect(setVolumeState(test.store, id, 'purging', ['preserved'])).toBe(false);
    expect(findVolume(test.store, id)?.state).toBe('attached');
  });

  it('cannot be attached once its purge was asked for', () => {
    const id = preservedVolume();
    expect(setVolumeState(test.store, id, 'purging', ['preserved'])).toBe(true);
    expect(setVolumeState(test.store, id, 'attached', ['preserved'])).toBe(false);
    expect(findVolume(test.store, id)?.state).toBe('purging');
  });

  it('keeps the time at which it was preserved last', () => {
    const id = preservedVolume();
    const first = test.store.now();
    test.clock.advance(1000);
    setVolumeState(test.store, id, 'attached', ['preserved']);
    expect(findVolume(test.store, id)?.preservedAt).toBe(first);
    setVolumeState(test.store, id, 'preserved', ['attached']);
    expect(findVolume(test.store, id)?.preservedAt).toBe(test.store.now());
  });

  it('tells of the database that used it last', () => {
    const volumeId = preservedVolume();
    const app = sampleApp(test.store, { slug: 'shop' });
    setVolumeState(test.store, volumeId, 'attached', ['preserved']);
    const second = {
      id: test.store.newId(),
      appId: app.id,
      name: 'again',
      engineVersion: 17,
      plan: 'free',
      volumeId,
    } as const;
    insertDatabase(test.store, second);
    expect(findVolume(test.store, volumeId)).toMatchObject({
      app: 'shop',
      databaseName: 'again',
      databaseId: second.id,
    });
  });

  it('does not exist under an unknown id', () => {
    expect(findVolume(test.store, '0nothing')).toBeUndefined();
    expect(setVolumeState(test.store, '0nothing', 'purging', ['preserved'])).toBe(false);
  });
});

describe('listPreservedVolumes', () => {
  it('lists what is preserved or being purged and nothing else, page by page', () => {
    const ids = ['one', 'two', 'three'].map((name) => {
      test.clock.advance(1);
      return preservedVolume(name);
    });
    sampleDatabase(test.store, { name: 'attached' });
    setVolumeState(test.store, ids[1] ?? '', 'purging', ['preserved']);
    setVolumeState(test.store, preservedVolume('purged'), 'purged', ['preserved']);
    const first = listPreservedVolumes(test.store, { limit: 2, cursor: null });
    const second = listPreservedVolumes(test.store, { limit: 2, cursor: first.nextCursor });
    expect([...first.data, ...second.data].map(({ id }) => id)).toEqual(ids);
    expect(second.nextCursor).toBeNull();
  });
});
