import { ActionableError } from '../domain/actionable-error.js';
import { ABSENCE_MS, MAX_ATTEMPTS, RETRY_PAUSE_MS } from '../domain/deadlines.js';
import { backoffMs } from '../domain/backoff.js';
import type { Operation, OperationKind } from '../domain/operation.js';

/** Why an attempt was aborted from outside. */
export type AbortReason = 'cancelled' | 'stopping' | 'deadline';

export type Outcome = { ok: true } | { ok: false; error: unknown; abortedBy: AbortReason | null };

export type Settlement =
  | { kind: 'succeeded' }
  | { kind: 'cancelled' }
  /** Try again at `runAt`. An attempt that the daemon's stop cut short says nothing about the work. */
  | { kind: 'requeue'; runAt: string; errorMessage: string | null; attempts: number }
  | { kind: 'failed'; errorMessage: string };

/** Decides what an attempt's outcome means for its operation. */
export function settle(
  operation: Pick<Operation, 'kind' | 'attempts' | 'deadlineAt' | 'errorMessage' | 'progress'>,
  outcome: Outcome,
  now: Date,
  random: () => number = Math.random,
): Settlement {
  if (outcome.ok) return { kind: 'succeeded' };
  switch (outcome.abortedBy) {
    case 'cancelled':
      return { kind: 'cancelled' };
    case 'stopping':
      return {
        kind: 'requeue',
        runAt: now.toISOString(),
        errorMessage: operation.errorMessage,
        attempts: operation.attempts - 1,
      };
    case 'deadline':
      // An attempt that took too long, of work that has no deadline, is one that failed.
      if (operation.deadlineAt === null) break;
      return { kind: 'failed', errorMessage: tookTooLong(operation, outcome.error) };
    case null:
      break;
  }
  const errorMessage = messageOf(outcome.error);
  const maxAttempts = MAX_ATTEMPTS[operation.kind];
  // What is tried without an end has no attempts to lose.
  const absent =
    Number.isFinite(maxAttempts) && outcome.error instanceof ActionableError ? outcome.error.absent : null;
  const attempts = absent === 'engine' ? operation.attempts - 1 : operation.attempts;
  const maxMs = RETRY_PAUSE_MS[operation.kind];
  const pauseMs =
    backoffMs(operation.attempts, { random, ...(maxMs !== undefined && { maxMs }) }) +
    (absent === null ? 0 : ABSENCE_MS[absent]);
  const runAt = new Date(now.getTime() + pauseMs).toISOString();
  const final = outcome.error instanceof ActionableError && !outcome.error.retryable;
  const tooLate = operation.deadlineAt !== null && runAt >= operation.deadlineAt;
  const tooOften = absent !== 'engine' && attempts >= maxAttempts;
  // Work without a deadline is what must not be given up: a removal stays queued until it is done.
  if (operation.deadlineAt !== null && (final || tooLate || tooOften))
    return { kind: 'failed', errorMessage };
  return { kind: 'requeue', runAt, errorMessage, attempts };
}

/** What a restart tries again. */
const BY_RESTART: readonly OperationKind[] = ['provision', 'repair', 'restart'];

function tookTooLong(
  { kind, errorMessage, progress }: Pick<Operation, 'kind' | 'errorMessage' | 'progress'>,
  error: unknown,
): string {
  // That it was broken off says nothing; what could not be asked then does.
  const said = error instanceof ActionableError && error.absent === 'engine' ? error.message : errorMessage;
  const at = progress === null ? '' : ` The last it did: ${progress.step}.`;
  const before = said === null ? '' : ` What went wrong before: ${said}`;
  const again = BY_RESTART.includes(kind) ? 'Restart the database to try again.' : 'Ask for it once more.';
  return `It was not done in time.${at}${before} ${again}`;
}

/** What a person is told. The message of an unforeseen error is for the log only. */
function messageOf(error: unknown): string {
  return error instanceof ActionableError
    ? error.message
    : 'an internal error; the log of the daemon has the details';
}
