import { Resync } from '../../src/provisioner/resync.js';
import { RuntimeError } from '../../src/runtime/runtime-error.js';
import { setDatabaseStatus } from '../../src/store/databases.js';
import { claimNextOperation, settleOperation } from '../../src/store/operation-queue.js';
import { enqueueOperation, listOperations } from '../../src/store/operations.js';
import type { Store } from '../../src/store/store.js';
import { MemoryLogger } from '../memory-logger.js';
import { openTestStore } from '../store/open-test-store.js';
import { defined, readyDatabase, sampleDatabase } from '../store/sample-rows.js';
import { ScriptedRuntime } from './scripted-runtime.js';

const INTERVAL_MS = 30_000;
const HINT_DELAY_MS = 500;
const REPAIR_PAUSE_MS = 300_000;

function bootResync() {
  const clock = () => new Date();
  const opened = openTestStore({ read: clock });
  const runtime = new ScriptedRuntime();
  const logger = new MemoryLogger();
  const nudge = jest.fn();
  const resync = new Resync({
    store: opened.store,
    runtime,
    nudge,
    clock,
    logger,
    intervalMs: INTERVAL_MS,
    hintDelayMs: HINT_DELAY_MS,
    repairPauseMs: REPAIR_PAUSE_MS,
  });
  return { ...opened, runtime, logger, nudge, resync };
}

let test: ReturnType<typeof bootResync>;

beforeEach(() => {
  jest.useFakeTimers({ now: new Date('2030-01-01T00:00:00Z') });
  test = bootResync();
});
afterEach(async () => {
  await test.resync.stop();
  expect(jest.getTimerCount()).toBe(0);
  test[Symbol.dispose]();
  jest.useRealTimers();
});

const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);
const operationsOf = (store: Store, databaseId: string) =>
  listOperations(store, databaseId, { limit: 100, cursor: null }).data;

/** Ends the repair that is queued. */
function endRepair(store: Store, databaseId: string, status: 'succeeded' | 'failed') {
  const { id } = defined(claimNextOperation(store, 1000));
  settleOperation(store, id, status, { errorMessage: status === 'failed' ? 'no' : null, progress: null });
  setDatabaseStatus(store, databaseId, status === 'failed' ? 'failed' : 'ready');
}

describe('comparing rows with the runtime', () => {
  it('begins at the start and goes on at its interval', async () => {
    const { resync, runtime, store } = test;
    readyDatabase(store);
    resync.start();
    await pass(0);
    expect(runtime.comparisons).toHaveLength(1);
    await pass(INTERVAL_MS * 3);
    expect(runtime.comparisons).toHaveLength(4);
  });

  it('compares the databases that should run, and no other', async () => {
    const { resync, runtime, store } = test;
    const { id } = readyDatabase(store);
    sampleDatabase(store, { name: 'pending' });
    const leaving = readyDatabase(store, { name: 'leaving' });
    setDatabaseStatus(store, leaving.id, 'deleting');
    await resync.once();
    expect(runtime.comparisons[0]?.specs).toEqual([
      expect.objectContaining({ id, holdsData: true, name: 'main' }),
    ]);
  });

  it('asks the runtime nothing when there is nothing to compare', async () => {
    expect(await test.resync.once()).toBe(0);
    expect(test.runtime.comparisons).toEqual([]);
  });

  it('queues nothing when all is as it should be', async () => {
    const { resync, store, nudge } = test;
    const { id } = readyDatabase(store);
    expect(await resync.once()).toBe(0);
    expect(operationsOf(store, id)).toEqual([]);
    expect(nudge).not.toHaveBeenCalled();
  });

  it('queues one repair for a database that differs, says why, and nudges', async () => {
    const { resync, runtime, store, nudge, logger } = test;
    const { id } = readyDatabase(store);
    const well = readyDatabase(store, { name: 'well' });
    runtime.drift = { [id]: 'its container is gone' };
    expect(await resync.once()).toBe(1);
    expect(operationsOf(store, id)).toMatchObject([{ kind: 'repair', status: 'queued', deadlineAt: null }]);
    expect(operationsOf(store, well.id)).toEqual([]);
    expect(nudge).toHaveBeenCalledTimes(1);
    expect(logger.lines).toContainEqual(
      expect.objectContaining({ level: 'warn', fields: { databaseId: id, reason: 'its container is gone' } }),
    );
  });

  it('compares the others when the rows of one are broken, and tells of that one', async () => {
    const { resync, runtime, store, logger } = test;
    const sick = readyDatabase(store, { name: 'sick' });
    const { id } = readyDatabase(store, { name: 'well' });
    store.run(`UPDATE credentials SET password_sealed = 'altered' WHERE database_id = ?`, sick.id);
    runtime.drift = { [id]: 'its container is gone' };
    expect(await resync.once()).toBe(1);
    expect(runtime.comparisons[0]?.specs.map(({ name }) => name)).toEqual(['well']);
    expect(logger.lines).toContainEqual(
      expect.objectContaining({ level: 'error', fields: expect.objectContaining({ databaseId: sick.id }) }),
    );
  });

  it('queues no second repair while the first is at work, and another when it did not help', async () => {
    const { resync, runtime, store } = test;
    const { id } = readyDatabase(store);
    runtime.drift = { [id]: 'its container is gone' };
    resync.start();
    await pass(INTERVAL_MS * 3);
    expect(operationsOf(store, id)).toHaveLength(1);
    endRepair(store, id, 'succeeded');
    await pass(INTERVAL_MS);
    expect(operationsOf(store, id)).toHaveLength(2);
  });

  it('leaves a database whose repair failed alone for a while', async () => {
    const { resync, runtime, store } = test;
    const { id } = readyDatabase(store);
    runtime.drift = { [id]: 'its container is gone' };
    await resync.once();
    endRepair(store, id, 'failed');
    jest.setSystemTime(Date.now() + REPAIR_PAUSE_MS - 1);
    expect(await resync.once()).toBe(0);
    jest.setSystemTime(Date.now() + 1);
    expect(await resync.once()).toBe(1);
  });

  it('repairs a database that failed although nothing differs: it may work again by itself', async () => {
    const { resync, store, logger } = test;
    const { id } = readyDatabase(store);
    const never = sampleDatabase(store, { name: 'never' });
    for (const failed of [id, never.id]) setDatabaseStatus(store, failed, 'failed', 'Docker was down');
    expect(await resync.once()).toBe(1);
    expect(operationsOf(store, id)).toMatchObject([{ kind: 'repair', status: 'queued' }]);
    expect(operationsOf(store, never.id)).toEqual([]);
    expect(logger.lines).toContainEqual(
      expect.objectContaining({ fields: { databaseId: id, reason: 'it failed before' } }),
    );
    endRepair(store, id, 'succeeded');
    expect(await resync.once()).toBe(0);
  });

  it('gives others their turn while it reads many', async () => {
    const { resync, runtime, store } = test;
    store.transaction(() => {
      for (let n = 0; n < 25; n++) readyDatabase(store, { name: `db-${n}` });
    });
    const comparing = resync.once();
    expect(runtime.comparisons).toEqual([]);
    await pass(0);
    await comparing;
    expect(runtime.comparisons[0]?.specs).toHaveLength(25);
  });

  it.each([
    [
      'work was queued',
      (store: Store, id: string) => void enqueueOperation(store, { databaseId: id, kind: 'restart' }),
    ],
    ['it is being deleted', (store: Store, id: string) => setDatabaseStatus(store, id, 'deleting')],
  ])('queues nothing when %s while it compared', async (_, meanwhile) => {
    const { resync, runtime, store, nudge } = test;
    const { id } = readyDatabase(store);
    runtime.drift = { [id]: 'its container is gone', '0unknown': 'it has no row' };
    runtime.compare = () => {
      meanwhile(store, id);
      return Promise.resolve();
    };
    expect(await resync.once()).toBe(0);
    expect(operationsOf(store, id).filter(({ kind }) => kind === 'repair')).toEqual([]);
    expect(nudge).not.toHaveBeenCalled();
  });
});

describe('hints', () => {
  it('bring the next comparison forward; many are one', async () => {
    const { resync, runtime, store } = test;
    readyDatabase(store);
    resync.start();
    await pass(1000);
    expect(runtime.comparisons).toHaveLength(1);
    for (let n = 0; n < 10; n++) runtime.hint();
    await pass(HINT_DELAY_MS - 1);
    expect(runtime.comparisons).toHaveLength(1);
    runtime.hint();
    await pass(1);
    expect(runtime.comparisons).toHaveLength(2);
    await pass(HINT_DELAY_MS * 2);
    expect(runtime.comparisons).toHaveLength(2);
  });

  it('that come while it compares are followed up', async () => {
    const { resync, runtime, store } = test;
    readyDatabase(store);
    let release: () => void = () => undefined;
    runtime.compare = () => new Promise((resolve) => (release = resolve));
    resync.start();
    await pass(0);
    runtime.hint();
    await pass(HINT_DELAY_MS * 4);
    expect(runtime.comparisons).toHaveLength(1);
    runtime.compare = () => Promise.resolve();
    release();
    await pass(0);
    expect(runtime.comparisons).toHaveLength(2);
  });

  it('lost or not, the interval goes on', async () => {
    const { resync, runtime, store } = test;
    readyDatabase(store);
    resync.start();
    await pass(0);
    runtime.hint();
    await pass(HINT_DELAY_MS);
    await pass(INTERVAL_MS);
    expect(runtime.comparisons).toHaveLength(3);
  });
});

describe('a runtime that cannot be observed', () => {
  it('is complained of once, until it can be again', async () => {
    const { resync, runtime, store, logger } = test;
    const { id } = readyDatabase(store);
    runtime.drift = new RuntimeError('unavailable', 'Docker is down');
    resync.start();
    await pass(INTERVAL_MS * 5);
    expect(runtime.comparisons).toHaveLength(6);
    expect(logger.messages('error')).toEqual(['the databases cannot be compared with the runtime']);
    expect(operationsOf(store, id)).toEqual([]);

    runtime.drift = {};
    await pass(INTERVAL_MS * 2);
    expect(logger.messages('info')).toEqual(['the runtime can be observed again']);

    runtime.drift = new RuntimeError('unavailable', 'Docker is down');
    await pass(INTERVAL_MS * 2);
    expect(logger.messages('error')).toHaveLength(2);
  });

  it('is complained of anew when something else is wrong', async () => {
    const { resync, runtime, store, logger } = test;
    readyDatabase(store);
    runtime.drift = new RuntimeError('unavailable', 'Docker is down');
    resync.start();
    await pass(INTERVAL_MS);
    runtime.drift = new TypeError('a fault of ours');
    await pass(INTERVAL_MS);
    expect(logger.messages('error')).toHaveLength(2);
  });

  it('that gives no more hints is told of, and compared all the same', async () => {
    const { resync, runtime, store, logger } = test;
    readyDatabase(store);
    runtime.watching = Promise.reject(new RuntimeError('unavailable', 'the events ended'));
    resync.start();
    await pass(INTERVAL_MS);
    expect(logger.messages('error')).toEqual(['the runtime is no longer watched']);
    expect(runtime.comparisons).toHaveLength(2);
  });
});

describe('stopping', () => {
  it('aborts the comparison, waits for it, and says nothing of it', async () => {
    const { resync, runtime, store, logger } = test;
    readyDatabase(store);
    let fail: (error: Error) => void = () => undefined;
    runtime.compare = () => new Promise((_, reject) => (fail = reject));
    resync.start();
    await pass(0);
    const stopped = jest.fn();
    void resync.stop().then(stopped);
    await pass(0);
    expect(runtime.comparisons[0]?.signal.aborted).toBe(true);
    expect(stopped).not.toHaveBeenCalled();
    fail(new RuntimeError('aborted', 'it was aborted'));
    await pass(0);
    expect(stopped).toHaveBeenCalled();
    expect(logger.messages('error')).toEqual([]);
    runtime.hint();
    await pass(INTERVAL_MS * 2);
    expect(runtime.comparisons).toHaveLength(1);
  });
});

it('repairs a database although a backup of it is being verified', async () => {
  const { id } = readyDatabase(test.store);
  enqueueOperation(test.store, { databaseId: id, kind: 'verify' });
  claimNextOperation(test.store, 1000);
  test.runtime.drift = { [id]: 'its container is gone' };
  expect(await test.resync.once()).toBe(1);
  expect(operationsOf(test.store, id).map(({ kind }) => kind)).toEqual(['repair', 'verify']);
});
