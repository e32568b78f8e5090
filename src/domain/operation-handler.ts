import type { Operation, OperationKind, Progress } from './operation.js';
import type { Database } from './records.js';

/** One attempt at an operation. */
export interface Work {
  operation: Operation;
  database: Database;
  /** Aborted when nobody wants the work any more, at its deadline, and when the daemon stops. */
  signal: AbortSignal;
  onProgress: (progress: Progress) => void;
}

/** What was decided about a database and its operation, to be written in the transaction that settles it. */
export interface Settled {
  operation: Operation;
  database: Database;
}

/**
 * How one kind of operation is done. `run` touches the runtime and may be repeated after a crash at any
 * instant; the others only write rows: `begin` in a transaction at the start of each attempt, `succeeded` and
 * `failed` in the one that settles the operation.
 */
export interface OperationHandler {
  /** What it has made is of use although somebody deletes the database meanwhile. */
  outlives?: true;
  begin?(settled: Settled): void;
  run(work: Work): Promise<void>;
  succeeded(settled: Settled): void;
  failed(settled: Settled, errorMessage: string): void;
}

export type OperationHandlers = Record<OperationKind, OperationHandler>;
