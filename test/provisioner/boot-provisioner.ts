import type { Operation, OperationKind } from '../../src/domain/operation.js';
import type { Database } from '../../src/domain/records.js';
import { DatabaseProvisioner } from '../../src/provisioner/database-provisioner.js';
import type { OperationHandlers } from '../../src/domain/operation-handler.js';
import { OperationWaiters } from '../../src/provisioner/operation-waiters.js';
import { findDatabaseById, setDatabaseStatus } from '../../src/store/databases.js';
import { cancelOperations, enqueueOperation, getOperation } from '../../src/store/operations.js';
import { MemoryLogger } from '../memory-logger.js';
import { openTestStore } from '../store/open-test-store.js';
import { defined } from '../store/sample-rows.js';
import { allHandlers, diskStoreIn } from './all-handlers.js';
import { ScriptedRuntime } from './scripted-runtime.js';

export const LEASE_MS = 30_000;
export const HEARTBEAT_MS = 1000;
export const ATTEMPT_MS = 600_000;

/**
 * A provisioner on a real store and a scripted runtime, not started yet. Call `jest.useFakeTimers()` first:
 * it and its store live in jest's time.
 */
export function bootProvisioner({ concurrency = 10 } = {}) {
  const clock = () => new Date();
  const test = openTestStore({ read: clock });
  const { store } = test;
  const runtime = new ScriptedRuntime();
  const logger = new MemoryLogger();
  const waiters = new OperationWaiters();
  const disk = diskStoreIn(test.folder);
  const handlers: OperationHandlers = allHandlers({ store, runtime, disk, clock });
  const provisioner = new DatabaseProvisioner({
    store,
    handlers,
    waiters,
    clock,
    logger,
    concurrency,
    leaseMs: LEASE_MS,
    heartbeatMs: HEARTBEAT_MS,
    attemptMs: ATTEMPT_MS,
  });
  /** Queues work on a database as the API does, and says so. */
  const ask = (kind: OperationKind, databaseId: string, { deleteVolume = false } = {}): Operation => {
    const operation = enqueueOperation(store, { databaseId, kind, deleteVolume });
    provisioner.nudge();
    return operation;
  };
  /** Deletes a database as the API does. */
  const askToDelete = (databaseId: string, options?: { deleteVolume: boolean }): Operation => {
    cancelOperations(store, databaseId);
    setDatabaseStatus(store, databaseId, 'deleting');
    return ask('remove', databaseId, options);
  };
  return {
    ...test,
    runtime,
    disk,
    logger,
    waiters,
    handlers,
    provisioner,
    ask,
    askToDelete,
    database: (id: string): Database => defined(findDatabaseById(store, id)),
    operation: (id: string): Operation => getOperation(store, id),
    async [Symbol.asyncDispose]() {
      await provisioner.stop();
      waiters.close();
      test[Symbol.dispose]();
    },
  };
}

export type BootedProvisioner = ReturnType<typeof bootProvisioner>;

/** Lets everything happen that is due now, and what follows from it: a timer that a timer sets is due 1 ms later. */
export async function now(): Promise<void> {
  await jest.advanceTimersByTimeAsync(0);
  await jest.advanceTimersByTimeAsync(5);
}

/** Lets time pass, with all that falls due in it. */
export async function pass(ms: number): Promise<void> {
  await jest.advanceTimersByTimeAsync(ms);
}
