import {
  claimNextOperation,
  extendLease,
  nextDueAt,
  recoverOperations,
  requeueOperation,
  settleOperation,
} from '../../src/store/operation-queue.js';
import {
  cancelOperations,
  enqueueOperation,
  getOperation,
  isRepairHeldUp,
} from '../../src/store/operations.js';
import { DEADLINE_MS, LONGEST_PAUSE_MS } from '../../src/domain/deadlines.js';
import type { OperationKind } from '../../src/domain/operation.js';
import { queueBackup } from '../../src/store/queue-backup.js';
import { openTestStore, type TestStore } from './open-test-store.js';
import { defined, sampleDatabase } from './sample-rows.js';

const LEASE_MS = 30_000;
const DONE = { errorMessage: null, progress: null };

let test: TestStore;
beforeEach(() => (test = openTestStore()));
afterEach(() => test[Symbol.dispose]());

const database = (name: string) => sampleDatabase(test.store, { name });
const enqueue = (databaseId: string, kind: OperationKind = 'restart') =>
  enqueueOperation(test.store, { databaseId, kind });
const claim = () => claimNextOperation(test.store, LEASE_MS);
const requeue = (id: string, runAt: string, errorMessage: string | null, attempts = 1) =>
  requeueOperation(test.store, id, { runAt, errorMessage, attempts });

describe('claimNextOperation', () => {
  it('finds nothing in an empty queue', () => {
    expect(claim()).toBeUndefined();
  });

  describe.each(['backup', 'restore', 'import'] as const)(
    'of a database whose %s waits for its turn',
    (kind) => {
      it.each(['repair', 'restart'] as const)('gives its %s first, and both never together', (mending) => {
        const { id } = database('main');
        // As many as may be at work together.
        for (const name of ['one', 'two']) enqueue(database(name).id, kind);
        const [first, second] = [claim(), claim()].map(defined);
        const waiting = enqueue(id, kind);
        const mends = enqueue(id, mending);
        expect([claim()?.id, claim()]).toEqual([mends.id, undefined]);
        settleOperation(test.store, defined(first).id, 'succeeded', DONE);
        expect(claim()).toBeUndefined();
        settleOperation(test.store, mends.id, 'succeeded', DONE);
        expect(claim()?.id).toBe(waiting.id);
        enqueue(id, mending);
        settleOperation(test.store, defined(second).id, 'succeeded', DONE);
        expect(claim()).toBeUndefined();
      });

      it.each(['remove', 'purge'] as const)('does not give its %s first', (other) => {
        const { id } = database('main');
        const waiting = enqueue(id, kind);
        enqueue(id, other);
        expect([claim()?.id, claim()]).toEqual([waiting.id, undefined]);
      });
    },
  );

  it('gives it a deadline with its first attempt, however long it has waited, and no other with the next', () => {
    const { id } = enqueue(database('main').id, 'verify');
    test.clock.advance(7 * 86_400_000);
    const deadlineAt = test.store.now(DEADLINE_MS.verify ?? 0);
    expect(claim()).toMatchObject({ id, deadlineAt });
    requeue(id, test.store.now(), 'no luck');
    test.clock.advance(1000);
    expect(claim()).toMatchObject({ id, deadlineAt });
  });

  it('gives the verification first that a removal waits for', () => {
    const deleted = database('deleted');
    const { backupId, operation } = queueBackup(test.store, deleted, { kind: 'final', keptForMs: 1000 });
    expect(claim()?.id).toBe(operation.id);
    settleOperation(test.store, operation.id, 'succeeded', DONE);
    const other = enqueue(database('other').id, 'verify');
    const [removal, proof] = (['remove', 'verify'] as const).map((kind) =>
      enqueueOperation(test.store, { databaseId: deleted.id, kind, backupId }),
    );
    for (const { id } of [proof, other, removal].map(defined)) {
      expect(claim()?.id).toBe(id);
      settleOperation(test.store, id, 'succeeded', DONE);
    }
  });

  it('gives what a clock that was wrong has put off for years', () => {
    const { id } = enqueue(database('main').id);
    claim();
    requeue(id, test.store.now(LONGEST_PAUSE_MS), 'no luck');
    expect(claim()).toBeUndefined();
    test.clock.advance(-86_400_000);
    expect(claim()?.id).toBe(id);
  });

  it('gives a backup anew whose lease has run out, whatever is queued behind it', () => {
    const { id } = database('main');
    const backup = enqueue(id, 'backup');
    claim();
    enqueue(id, 'repair');
    test.clock.advance(LEASE_MS);
    expect([claim()?.id, claim()]).toEqual([backup.id, undefined]);
  });

  it('gives nobody again what he is at, though its lease has run out', () => {
    const { id } = enqueue(database('main').id);
    claim();
    test.clock.advance(LEASE_MS);
    expect(claimNextOperation(test.store, LEASE_MS, [id])).toBeUndefined();
    expect(claim()?.id).toBe(id);
  });

  it('counts it as at work all the same', () => {
    const { id } = enqueue(database('one').id, 'verify');
    enqueue(database('two').id, 'verify');
    claim();
    test.clock.advance(LEASE_MS);
    expect(claimNextOperation(test.store, LEASE_MS, [id])).toBeUndefined();
  });

  it('gives what mends a database between two attempts at its backup', () => {
    const { id } = database('main');
    const backup = enqueue(id, 'backup');
    claim();
    requeue(backup.id, '2030-01-01T00:00:00.000Z', 'no');
    const repair = enqueue(id, 'repair');
    expect(isRepairHeldUp(test.store, id)).toBe(true);
    expect([claim()?.id, claim()]).toEqual([repair.id, undefined]);
    settleOperation(test.store, repair.id, 'succeeded', DONE);
    expect(claim()?.id).toBe(backup.id);
  });

  it('gives the oldest first', () => {
    const first = enqueue(database('first').id);
    const second = enqueue(database('second').id);
    expect([claim()?.id, claim()?.id, claim()?.id]).toEqual([first.id, second.id, undefined]);
  });

  it('counts the attempt, takes a lease and keeps the first start', () => {
    enqueue(database('main').id);
    const claimed = defined(claim());
    expect(claimed).toMatchObject({
      status: 'running',
      attempts: 1,
      leaseExpiresAt: '2030-01-01T00:00:30.000Z',
      startedAt: '2030-01-01T00:00:00.000Z',
    });
    test.clock.advance(1000);
    requeue(claimed.id, test.store.now(), null);
    expect(claim()).toMatchObject({ attempts: 2, startedAt: '2030-01-01T00:00:00.000Z' });
  });

  it('never gives two operations of one database at once, and gives them in the order they were asked for', () => {
    const { id } = database('main');
    const [first, second] = [enqueue(id), enqueue(id)];
    expect(claim()?.id).toBe(first.id);
    expect(claim()).toBeUndefined();
    settleOperation(test.store, first.id, 'succeeded', DONE);
    expect(claim()?.id).toBe(second.id);
  });

  it('does not let a later operation overtake one that waits for its retry', () => {
    const { id } = database('main');
    const first = enqueue(id);
    enqueue(id);
    claim();
    requeue(first.id, test.store.now(5000), 'not yet');
    expect(claim()).toBeUndefined();
    test.clock.advance(5000);
    expect(claim()?.id).toBe(first.id);
  });

  it('lets other databases go on while one waits', () => {
    const waiting = enqueue(database('waiting').id);
    claim();
    requeue(waiting.id, test.store.now(60_000), 'not yet');
    const other = enqueue(database('other').id);
    expect(claim()?.id).toBe(other.id);
  });

  it('passes over one that is not due, up to the millisecond', () => {
    const { id } = enqueue(database('main').id);
    claim();
    requeue(id, test.store.now(1000), 'again');
    test.clock.advance(999);
    expect(claim()).toBeUndefined();
    test.clock.advance(1);
    expect(claim()?.id).toBe(id);
  });

  it('takes over one whose lease ran out, and no sooner', () => {
    const { id } = enqueue(database('main').id);
    claim();
    test.clock.advance(LEASE_MS - 1);
    expect(claim()).toBeUndefined();
    test.clock.advance(1);
    expect(claim()).toMatchObject({ id, attempts: 2 });
  });

  it('leaves one alone whose lease is extended', () => {
    const { id } = enqueue(database('main').id);
    claim();
    test.clock.advance(LEASE_MS - 1);
    extendLease(test.store, id, LEASE_MS, { step: 'volume', done: 1, total: 4 });
    test.clock.advance(LEASE_MS - 1);
    expect(claim()).toBeUndefined();
    expect(getOperation(test.store, id).progress).toEqual({ step: 'volume', done: 1, total: 4 });
  });

  it('keeps the last progress when there is no newer', () => {
    const { id } = enqueue(database('main').id);
    claim();
    extendLease(test.store, id, LEASE_MS, { step: 'volume', done: 1, total: 4 });
    extendLease(test.store, id, LEASE_MS, null);
    settleOperation(test.store, id, 'failed', { errorMessage: 'no space', progress: null });
    expect(getOperation(test.store, id)).toMatchObject({
      status: 'failed',
      errorMessage: 'no space',
      progress: { step: 'volume', done: 1, total: 4 },
      leaseExpiresAt: null,
      finishedAt: test.store.now(),
    });
  });
});

describe('nextDueAt', () => {
  it('is when the next retry is due', () => {
    expect(nextDueAt(test.store)).toBeNull();
    for (const [name, ms] of [
      ['late', 9000],
      ['soon', 2000],
    ] as const) {
      const { id } = enqueue(database(name).id);
      claim();
      requeue(id, test.store.now(ms), 'again');
    }
    expect(nextDueAt(test.store)).toBe('2030-01-01T00:00:02.000Z');
  });

  it('passes over what is due already, which a claim finds', () => {
    enqueue(database('main').id);
    expect(nextDueAt(test.store)).toBeNull();
  });
});

describe('settling', () => {
  it('changes nothing once an operation has ended', () => {
    const { id } = enqueue(database('main').id);
    claim();
    settleOperation(test.store, id, 'succeeded', DONE);
    settleOperation(test.store, id, 'failed', { errorMessage: 'late', progress: null });
    requeue(id, test.store.now(), 'late');
    extendLease(test.store, id, LEASE_MS, null);
    expect(getOperation(test.store, id)).toMatchObject({
      status: 'succeeded',
      errorMessage: null,
      leaseExpiresAt: null,
    });
  });
});

describe('recoverOperations', () => {
  it('makes what was cut short due at once, and cancels what nobody wants', () => {
    const wanted = enqueue(database('wanted').id);
    const unwanted = enqueue(database('unwanted').id);
    const queued = enqueue(database('queued').id);
    claim();
    claim();
    cancelOperations(test.store, unwanted.databaseId);
    test.clock.advance(500);
    expect(recoverOperations(test.store)).toBe(1);
    expect(getOperation(test.store, wanted.id)).toMatchObject({
      status: 'queued',
      runAt: test.store.now(),
      leaseExpiresAt: null,
      attempts: 1,
    });
    expect(getOperation(test.store, unwanted.id)).toMatchObject({
      status: 'cancelled',
      finishedAt: test.store.now(),
    });
    expect(getOperation(test.store, queued.id)).toEqual(queued);
  });

  it('gives what is not done the whole of its time again, and a removal no end', () => {
    const started = ['provision', 'remove'] as const;
    for (const kind of started) enqueue(database(kind).id, kind);
    while (claim());
    test.clock.advance(3_600_000);
    recoverOperations(test.store);
    expect([claim(), claim()]).toMatchObject([
      { kind: 'provision', deadlineAt: test.store.now(DEADLINE_MS.provision ?? 0) },
      { kind: 'remove', deadlineAt: null },
    ]);
  });

  it('leaves what has ended as it is', () => {
    const { id } = enqueue(database('main').id);
    claim();
    settleOperation(test.store, id, 'succeeded', DONE);
    expect(recoverOperations(test.store)).toBe(0);
    expect(getOperation(test.store, id).status).toBe('succeeded');
  });
});
