import { DEADLINE_MS } from '../../src/domain/deadlines.js';
import type { OperationWaiters } from '../../src/provisioner/operation-waiters.js';
import { findDatabaseById } from '../../src/store/databases.js';
import { claimNextOperation, settleOperation } from '../../src/store/operation-queue.js';
import { allHandlers } from '../provisioner/all-handlers.js';
import { defined } from '../store/sample-rows.js';

const PROGRESS = { step: 'done', done: 1, total: 1 };

/** Does everything that is queued, once, with the real handlers; fails what can fail when told why. */
export async function settleOperations(
  { waiters, ...parts }: Parameters<typeof allHandlers>[0] & { waiters: OperationWaiters },
  reason?: string,
): Promise<void> {
  const { store } = parts;
  const handlers = allHandlers(parts);
  for (;;) {
    const operation = claimNextOperation(store, 30_000);
    if (!operation) return;
    const handler = handlers[operation.kind];
    const failure = DEADLINE_MS[operation.kind] === null ? undefined : reason;
    const settled = () => ({
      operation,
      database: defined(findDatabaseById(store, operation.databaseId)),
    });
    store.transaction(() => handler.begin?.(settled()));
    const { signal } = new AbortController();
    if (failure === undefined) await handler.run({ ...settled(), signal, onProgress: () => undefined });
    store.transaction(() => {
      if (failure === undefined) handler.succeeded(settled());
      else handler.failed(settled(), failure);
      const status = failure === undefined ? 'succeeded' : 'failed';
      settleOperation(store, operation.id, status, { errorMessage: failure ?? null, progress: PROGRESS });
    });
    waiters.notify(operation.id);
  }
}
