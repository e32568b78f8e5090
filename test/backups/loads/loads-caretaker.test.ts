import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { LoadsCaretaker } from '../../../src/backups/loads/loads-caretaker.js';
import { databaseSpec } from '../../../src/provisioner/database-spec.js';
import { insertLoad, recordPrevious } from '../../../src/store/loads.js';
import { claimNextOperation, settleOperation } from '../../../src/store/operation-queue.js';
import { enqueueOperation } from '../../../src/store/operations.js';
import { MemoryLogger } from '../../memory-logger.js';
import { diskStoreIn, incomingIn } from '../../provisioner/all-handlers.js';
import { fails, held, ScriptedRuntime } from '../../provisioner/scripted-runtime.js';
import { openTestStore } from '../../store/open-test-store.js';
import { readyDatabase } from '../../store/sample-rows.js';
import { contentOf } from '../sample-backup.js';

const { signal } = new AbortController();

/** A database of which an import was asked for, with its upload. */
async function askedImport({ isSteady = () => true }: { isSteady?: () => boolean } = {}) {
  const test = openTestStore();
  const { store } = test;
  diskStoreIn(test.folder);
  const database = readyDatabase(store);
  const runtime = new ScriptedRuntime();
  const logger = new MemoryLogger();
  const incoming = incomingIn(test.folder, store);
  const id = store.newId();
  await incoming.receive(
    id,
    (async function* () {
      await Promise.resolve();
      yield Buffer.from('SELECT 1;');
    })(),
  );
  enqueueOperation(store, { id, databaseId: database.id, kind: 'import' });
  const load = { operationId: id, databaseId: database.id, replaces: false, sourceUrl: null };
  insertLoad(store, { ...load, previousKeptForMs: 1000 });
  incoming.release(id);
  const caretaker = new LoadsCaretaker({
    store,
    runtime,
    incoming,
    specOf: (each) => databaseSpec(store, each),
    isSteady,
    logger,
    patienceMs: 60_000,
  });
  return {
    ...test,
    id,
    database,
    runtime,
    logger,
    incoming,
    caretaker,
    settle: (status: 'succeeded' | 'failed' = 'succeeded') => {
      claimNextOperation(store, 1000);
      recordPrevious(store, id, { name: 'paasdb_previous_x', keptForMs: 0 });
      settleOperation(store, id, status, { errorMessage: null, progress: null });
    },
    hasUpload: () => existsSync(join(test.folder, 'backups', 'incoming', id)),
  };
}

it('keeps an upload until its import is settled, and removes it then', async () => {
  using asked = await askedImport();
  await asked.caretaker.once(signal);
  expect((await contentOf(asked.incoming.read(asked.id))).toString()).toBe('SELECT 1;');
  asked.settle('failed');
  await asked.caretaker.once(signal);
  expect(asked.hasUpload()).toBe(false);
});

it('removes former data that may go, once', async () => {
  using asked = await askedImport();
  await asked.caretaker.once(signal);
  expect(asked.runtime.history).toEqual([]);
  asked.settle();
  await asked.caretaker.once(signal);
  await asked.caretaker.once(signal);
  expect(asked.runtime.history).toEqual([`removePrevious ${asked.database.id}`]);
});

it('removes nothing while the clock is not to be believed', async () => {
  let isSteady = false;
  using asked = await askedImport({ isSteady: () => isSteady });
  asked.settle();
  await asked.caretaker.once(signal);
  expect(asked.runtime.history).toEqual([]);
  isSteady = true;
  await asked.caretaker.once(signal);
  expect(asked.runtime.history).toHaveLength(1);
});

it('tries again what could not be removed', async () => {
  using asked = await askedImport();
  asked.settle();
  asked.runtime.script('removePrevious', fails('not_running'));
  await asked.caretaker.once(signal);
  expect(asked.logger.messages('warn')).toEqual(['former data cannot be removed now']);
  await asked.caretaker.once(signal);
  await asked.caretaker.once(signal);
  expect(asked.runtime.history).toHaveLength(2);
});

it('breaks off when the daemon stops', async () => {
  using asked = await askedImport();
  asked.settle();
  const { step, started } = held();
  asked.runtime.script('removePrevious', step);
  const stop = new AbortController();
  const round = asked.caretaker.once(stop.signal);
  while (!started()) await new Promise(setImmediate);
  stop.abort();
  await round;
  expect(asked.logger.messages('warn')).toEqual([]);
  expect(asked.runtime.history).toHaveLength(1);
});
