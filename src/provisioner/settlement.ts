import { ActionableError } from '../domain/actionable-error.js';
import { AWAY_MS, MAX_ATTEMPTS, RETRY_PAUSE_MS } from '../domain/deadlines.js';
import { backoffMs } from '../domain/backoff.js';
import type { Operation } from '../domain/operation.js';

/** Why an attempt was aborted from outside. */
export type AbortReason = 'cancelled' | 'stopping' | 'deadline';

export type Outcome = { ok: true } | { ok: false; error: unknown; abortedBy: AbortReason | null };

export type Settlement =
  | { kind: 'succeeded' }
  | { kind: 'cancelled' }
  /** Try again at `runAt`. An attempt that the daemon's stop cut short says nothing about the work. */
  | { kind: 'requeue'; runAt: string; errorMessage: string | null }
  | { kind: 'failed'; errorMessage: string };

/** Decides what an attempt's outcome means for its operation. */
export function settle(
  operation: Pick<Operation, 'kind' | 'attempts' | 'startedAt' | 'deadlineAt' | 'errorMessage' | 'progress'>,
  outcome: Outcome,
  now: Date,
  random: () => number = Math.random,
): Settlement {
  if (outcome.ok) return { kind: 'succeeded' };
  switch (outcome.abortedBy) {
    case 'cancelled':
      return { kind: 'cancelled' };
    case 'stopping':
      return { kind: 'requeue', runAt: now.toISOString(), errorMessage: operation.errorMessage };
    case 'deadline':
      // An attempt that took too long, of work that has no deadline, is one that failed.
      if (operation.deadlineAt === null) break;
      return { kind: 'failed', errorMessage: tookTooLong(operation) };
    case null:
      break;
  }
  const errorMessage = messageOf(outcome.error);
  const maxMs = RETRY_PAUSE_MS[operation.kind];
  const pauseMs = backoffMs(operation.attempts, { random, ...(maxMs !== undefined && { maxMs }) });
  const runAt = new Date(now.getTime() + pauseMs).toISOString();
  const final = outcome.error instanceof ActionableError && !outcome.error.retryable;
  const tooLate = operation.deadlineAt !== null && runAt >= operation.deadlineAt;
  const tooOften =
    operation.attempts >= MAX_ATTEMPTS[operation.kind] && !isAway(outcome.error, operation, now);
  // Work without a deadline is what must not be given up: a removal stays queued until it is done.
  if (operation.deadlineAt !== null && (final || tooLate || tooOften))
    return { kind: 'failed', errorMessage };
  return { kind: 'requeue', runAt, errorMessage };
}

function isAway(error: unknown, { startedAt }: Pick<Operation, 'startedAt'>, now: Date): boolean {
  const triedForMs = startedAt === null ? 0 : now.getTime() - new Date(startedAt).getTime();
  return error instanceof ActionableError && error.away && triedForMs < AWAY_MS;
}

function tookTooLong({ errorMessage, progress }: Pick<Operation, 'errorMessage' | 'progress'>): string {
  const at = progress === null ? '' : ` The last it did: ${progress.step}.`;
  const before = errorMessage === null ? '' : ` What went wrong before: ${errorMessage}`;
  return `It was not done in time.${at}${before} Restart it to try again.`;
}

/** What a person is told. The message of an unforeseen error is for the log only. */
function messageOf(error: unknown): string {
  return error instanceof ActionableError
    ? error.message
    : 'an internal error; the log of the daemon has the details';
}
