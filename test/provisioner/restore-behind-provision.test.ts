import { insertBackup } from '../../src/store/backups.js';
import { insertLoad } from '../../src/store/loads.js';
import { enqueueOperation } from '../../src/store/operations.js';
import { readyDatabase, sampleDatabase } from '../store/sample-rows.js';
import { bootProvisioner, now } from './boot-provisioner.js';
import { fails } from './scripted-runtime.js';

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

it('fails as soon as the provision before it is given up, and says why', async () => {
  await using test = bootProvisioner();
  const { store, runtime, provisioner } = test;
  const { id: databaseId } = readyDatabase(store, { name: 'origin' });
  const { id: backupId } = enqueueOperation(store, { databaseId, kind: 'backup' });
  store.run(`UPDATE operations SET status = 'succeeded'`);
  insertBackup(store, {
    id: backupId,
    databaseId,
    operationId: backupId,
    kind: 'manual',
    engineVersion: 17,
    keptForMs: null,
  });
  const copy = sampleDatabase(store, { name: 'copy' });
  const provision = test.ask('provision', copy.id);
  const restore = enqueueOperation(store, {
    databaseId: copy.id,
    kind: 'restore',
    backupId,
  });
  const load = { operationId: restore.id, databaseId: copy.id, replaces: false, sourceUrl: null };
  insertLoad(store, { ...load, previousKeptForMs: 1000 });
  runtime.script('apply', fails('image_unusable', 'There is no image of PostgreSQL 17'));
  provisioner.start();
  await now();
  await now();
  expect(test.operation(provision.id).status).toBe('failed');
  expect(test.operation(restore.id)).toMatchObject({
    status: 'failed',
    attempts: 1,
    errorMessage:
      'The database copy could not be made, so nothing was restored into it: There is no image of PostgreSQL 17. Delete it, and restore the backup again',
  });
  expect(runtime.history.filter((call) => call.startsWith('load'))).toEqual([]);
});
