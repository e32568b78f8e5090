import { claimNextOperation, isCancelRequested, settleOperation } from '../../src/store/operation-queue.js';
import {
  cancelOperations,
  enqueueOperation,
  findOperation,
  findUnfinishedOperation,
  getOperation,
  isRepairHeldUp,
  listOperations,
} from '../../src/store/operations.js';
import type { OperationKind } from '../../src/domain/operation.js';
import { openTestStore, type TestStore } from './open-test-store.js';
import { sampleDatabase } from './sample-rows.js';

const LEASE_MS = 30_000;
const DONE = { errorMessage: null, progress: null };

let test: TestStore;
beforeEach(() => (test = openTestStore()));
afterEach(() => test[Symbol.dispose]());

const database = (name: string) => sampleDatabase(test.store, { name });
const enqueue = (databaseId: string, kind: OperationKind = 'restart') =>
  enqueueOperation(test.store, { databaseId, kind });
const claim = () => claimNextOperation(test.store, LEASE_MS);

describe('enqueueOperation', () => {
  it('queues it as due now, with a deadline only once it is tried', () => {
    const { id } = database('main');
    expect(enqueue(id)).toEqual({
      id: expect.stringMatching(/^[0-9][0-9a-z]{15}$/),
      databaseId: id,
      kind: 'restart',
      status: 'queued',
      progress: null,
      attempts: 0,
      backupId: null,
      result: null,
      deleteVolume: false,
      runAt: '2030-01-01T00:00:00.000Z',
      leaseExpiresAt: null,
      deadlineAt: null,
      errorMessage: null,
      createdAt: '2030-01-01T00:00:00.000Z',
      startedAt: null,
      finishedAt: null,
    });
  });

  it('keeps whether the volume goes too, and no deadline where there is none', () => {
    const { id } = database('main');
    const operation = enqueueOperation(test.store, {
      databaseId: id,
      kind: 'remove',
      deleteVolume: true,
    });
    expect(operation).toMatchObject({ deleteVolume: true, deadlineAt: null });
  });
});

describe('cancelOperations', () => {
  it('withdraws what is queued, asks what runs to stop, and leaves other databases alone', () => {
    const { id } = database('main');
    const [running, queued] = [enqueue(id), enqueue(id)];
    claim();
    const other = enqueue(database('other').id);
    cancelOperations(test.store, id);
    expect(getOperation(test.store, queued.id)).toMatchObject({
      status: 'cancelled',
      finishedAt: test.store.now(),
    });
    expect(getOperation(test.store, running.id).status).toBe('running');
    expect(isCancelRequested(test.store, running.id)).toBe(true);
    expect(isCancelRequested(test.store, queued.id)).toBe(false);
    expect(getOperation(test.store, other.id).status).toBe('queued');
  });
});

describe('finding operations', () => {
  it('finds one under its own database only', () => {
    const operation = enqueue(database('main').id);
    const other = database('other');
    expect(findOperation(test.store, operation.databaseId, operation.id)).toEqual(operation);
    expect(findOperation(test.store, other.id, operation.id)).toBeUndefined();
  });

  it('throws for an id that must be there and is not', () => {
    expect(() => getOperation(test.store, '0nothing')).toThrow('there is no operation 0nothing');
  });

  it('finds the newest unfinished one of the kinds asked for, but none that is to stop', () => {
    const { id } = database('main');
    const [provision, restart] = [enqueue(id, 'provision'), enqueue(id, 'restart')];
    const find = (...kinds: OperationKind[]) => findUnfinishedOperation(test.store, id, kinds)?.id;
    expect(find('provision', 'restart')).toBe(restart.id);
    expect(find('provision')).toBe(provision.id);
    expect(find('remove')).toBeUndefined();
    claim();
    cancelOperations(test.store, id);
    expect(find('provision', 'restart')).toBeUndefined();
    expect(isRepairHeldUp(test.store, id)).toBe(true);
    settleOperation(test.store, provision.id, 'cancelled', DONE);
    expect(isRepairHeldUp(test.store, id)).toBe(false);
  });

  it('lists those of one database, newest first, page by page', () => {
    const { id } = database('main');
    const all = Array.from({ length: 5 }, () => enqueue(id).id);
    enqueue(database('other').id);
    const first = listOperations(test.store, id, { limit: 3, cursor: null });
    const second = listOperations(test.store, id, { limit: 3, cursor: first.nextCursor });
    expect([...first.data, ...second.data].map((operation) => operation.id)).toEqual(all.reverse());
    expect(second.nextCursor).toBeNull();
    expect(first.data[0]).not.toHaveProperty('seq');
  });
});
