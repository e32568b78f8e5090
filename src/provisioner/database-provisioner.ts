import type { Clock } from '../domain/clock.js';
import type { Logger } from '../domain/logger.js';
import { isSettled, type Operation, type Progress } from '../domain/operation.js';
import { findDatabaseById } from '../store/databases.js';
import {
  claimNextOperation,
  extendLease,
  isCancelRequested,
  nextDueAt,
  recoverOperations,
  requeueOperation,
  settleOperation,
} from '../store/operation-queue.js';
import { getOperation } from '../store/operations.js';
import type { Store } from '../store/store.js';
import type { OperationHandlers, Settled } from '../domain/operation-handler.js';
import type { OperationWaiters } from './operation-waiters.js';
import { settle, type AbortReason, type Outcome, type Settlement } from './settlement.js';

export interface ProvisionerDeps {
  store: Store;
  handlers: OperationHandlers;
  waiters: OperationWaiters;
  clock: Clock;
  logger: Logger;
  /** How many operations are at work together. */
  concurrency: number;
  /** How long a claim holds without a heartbeat. */
  leaseMs: number;
  /** How often leases and progress are written at the least, and how long a missed nudge can go unnoticed. */
  heartbeatMs: number;
  /** How long one attempt of an operation without a deadline may take. */
  attemptMs: number;
}

/** Node.js takes a longer one for none at all. */
const MAX_TIMER_MS = 2 ** 31 - 1;

interface Attempt {
  operation: Operation;
  abort: AbortController;
  progress: Progress | null;
  done: Promise<void>;
}

/** Claims operations, has their handlers make the runtime match the rows, and settles them. */
export class DatabaseProvisioner {
  private readonly attempts = new Map<string, Attempt>();
  private timer: NodeJS.Timeout | undefined;
  private heartbeat: NodeJS.Timeout | undefined;
  private running = false;

  constructor(private readonly deps: ProvisionerDeps) {}

  /** Takes up what an earlier process left behind, and begins to work. */
  start(): void {
    const recovered = recoverOperations(this.deps.store);
    if (recovered > 0) this.deps.logger.info({ recovered }, 'taking up operations that were cut short');
    this.running = true;
    this.heartbeat = setInterval(() => this.pump(), this.deps.heartbeatMs);
    this.nudge();
  }

  /** Says that there may be something to do. */
  nudge(): void {
    this.pumpIn(0);
  }

  /** Stops claiming, has the attempts break off at their next step, and waits for them. They go back to the queue. */
  async stop(): Promise<void> {
    this.running = false;
    clearTimeout(this.timer);
    clearInterval(this.heartbeat);
    for (const attempt of this.attempts.values()) this.abort(attempt, 'stopping');
    await Promise.all([...this.attempts.values()].map((attempt) => attempt.done));
  }

  private pumpIn(delayMs: number): void {
    if (!this.running) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.pump(), delayMs);
  }

  /** A store that fails (a full disk, say) is told of, and tried again with the next beat. */
  private pump(): void {
    const { store, concurrency, clock, heartbeatMs, logger } = this.deps;
    try {
      // First of all: after a jump of the clock what is at work here would pass for abandoned.
      this.extendLeases();
      this.abortUnwanted();
      this.tellOfWithdrawn();
      while (this.attempts.size < concurrency) {
        const claimed = this.claim();
        if (!claimed) break;
        this.attempt(claimed);
      }
      const due = nextDueAt(store);
      // Not past the next beat: a clock that was wrong may have put it off for years.
      if (due !== null) this.pumpIn(Math.min(heartbeatMs, new Date(due).getTime() - clock().getTime()));
    } catch (error) {
      logger.error({ err: error }, 'the queue of operations cannot be worked on');
    }
  }

  private extendLeases(): void {
    const { store, leaseMs } = this.deps;
    if (this.attempts.size === 0) return;
    store.transaction(() => {
      for (const { operation, progress } of this.attempts.values()) {
        extendLease(store, operation.id, leaseMs, progress);
      }
    });
  }

  private claim(): Settled | undefined {
    const { store, leaseMs } = this.deps;
    return store.transaction(() => {
      const operation = claimNextOperation(store, leaseMs, [...this.attempts.keys()]);
      return operation && { operation, database: this.databaseOf(operation) };
    });
  }

  private attempt(claimed: Settled): void {
    const { clock, attemptMs } = this.deps;
    const { operation } = claimed;
    const attempt: Attempt = {
      operation,
      abort: new AbortController(),
      progress: null,
      done: Promise.resolve(),
    };
    const leftMs = operation.deadlineAt
      ? new Date(operation.deadlineAt).getTime() - clock().getTime()
      : attemptMs;
    const deadline = setTimeout(
      () => this.abort(attempt, 'deadline'),
      Math.min(MAX_TIMER_MS, Math.max(0, leftMs)),
    );
    this.attempts.set(operation.id, attempt);
    attempt.done = this.perform(claimed, attempt)
      .then((outcome) => {
        clearTimeout(deadline);
        this.attempts.delete(operation.id);
        this.settle(attempt, outcome);
      })
      .catch((error: unknown) => {
        // The lease runs out and the operation is claimed anew.
        this.deps.logger.error(
          { err: error, operationId: operation.id },
          'an operation could not be settled',
        );
      })
      .finally(() => this.nudge());
  }

  /** Whatever a handler throws is an outcome of its own operation, and no matter of the others. */
  private async perform(claimed: Settled, attempt: Attempt): Promise<Outcome> {
    const handler = this.deps.handlers[claimed.operation.kind];
    const { signal } = attempt.abort;
    const onProgress = (progress: Progress) => (attempt.progress = progress);
    try {
      this.deps.store.transaction(() => handler.begin?.(claimed));
      await handler.run({ ...claimed, signal, onProgress });
      return { ok: true };
    } catch (error) {
      return { ok: false, error, abortedBy: signal.aborted ? (signal.reason as AbortReason) : null };
    }
  }

  private settle({ operation, progress }: Attempt, outcome: Outcome): void {
    const { store, clock, waiters, logger } = this.deps;
    const settlement = store.transaction(() => {
      // Whatever came of it: somebody deleted the database meanwhile, and the removal behind it has the word.
      const stands = outcome.ok && this.deps.handlers[operation.kind].outlives === true;
      const decided: Settlement =
        !stands && isCancelRequested(store, operation.id)
          ? { kind: 'cancelled' }
          : settle({ ...operation, progress: progress ?? operation.progress }, outcome, clock());
      this.record({ operation, database: this.databaseOf(operation) }, decided, progress);
      return decided;
    });
    const fields = {
      operationId: operation.id,
      kind: operation.kind,
      databaseId: operation.databaseId,
      attempts: operation.attempts,
      ...(!outcome.ok &&
        (outcome.abortedBy === null || outcome.abortedBy === 'deadline') && { err: outcome.error }),
    };
    if ('err' in fields) logger.warn(fields, `operation ${settlement.kind}`);
    else logger.info(fields, `operation ${settlement.kind}`);
    if (settlement.kind !== 'requeue') waiters.notify(operation.id);
  }

  private record(settled: Settled, settlement: Settlement, progress: Progress | null): void {
    const { store, handlers } = this.deps;
    const { id, kind } = settled.operation;
    switch (settlement.kind) {
      case 'requeue':
        requeueOperation(store, id, settlement);
        return;
      case 'cancelled':
        settleOperation(store, id, 'cancelled', { errorMessage: null, progress });
        return;
      case 'succeeded':
        handlers[kind].succeeded(settled);
        settleOperation(store, id, 'succeeded', { errorMessage: null, progress });
        return;
      case 'failed':
        handlers[kind].failed(settled, settlement.errorMessage);
        settleOperation(store, id, 'failed', { errorMessage: settlement.errorMessage, progress });
        return;
    }
  }

  private abortUnwanted(): void {
    for (const attempt of this.attempts.values()) {
      if (isCancelRequested(this.deps.store, attempt.operation.id)) this.abort(attempt, 'cancelled');
    }
  }

  /** What was cancelled while it was queued never becomes an attempt: who waits for it is told here. */
  private tellOfWithdrawn(): void {
    const { store, waiters } = this.deps;
    for (const id of waiters.awaited) {
      if (isSettled(getOperation(store, id).status)) waiters.notify(id);
    }
  }

  private abort(attempt: Attempt, reason: AbortReason): void {
    attempt.abort.abort(reason);
  }

  private databaseOf(operation: Operation) {
    const database = findDatabaseById(this.deps.store, operation.databaseId);
    if (!database) throw new Error(`operation ${operation.id} has no database`);
    return database;
  }
}
