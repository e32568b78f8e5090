import { RuntimeError } from '../../runtime-error.js';

export interface ScriptEnd {
  /** Of psql; `null` when it was not waited for. */
  exitCode: number | null;
  /** psql has printed what stands behind the script. */
  cameThrough: boolean;
  /** What it changed last is in a transaction that it has not ended. */
  uncommitted: boolean;
  /** psql's ON_ERROR_ROLLBACK is still on: an error is one of its statement, and not of a whole transaction. */
  keepsTransactions: boolean;
  /** Whatever it means; `null` when there was none. */
  lastError: string | null;
  /** What PostgreSQL did not take. */
  failure: RuntimeError | null;
}

/**
 * What is wrong with a script that was run; `null` when nothing is. One that was cut off fails for all kinds of
 * reasons, or for none: a COPY without its end is a part of a table without an error.
 */
export function judgeScriptEnd(end: ScriptEnd): RuntimeError | null {
  const { exitCode, cameThrough, uncommitted, keepsTransactions, lastError, failure } = end;
  if (exitCode === 0 && !cameThrough) {
    return new RuntimeError(
      'archive_unusable',
      'The script ends in the middle of a statement or of a COPY, or leaves psql before its end',
    );
  }
  if (failure === null && exitCode === 0 && uncommitted) {
    return new RuntimeError(
      'archive_unusable',
      'The script begins a transaction and ends without a COMMIT, so that nothing of it would be kept: it was cut off, or a COMMIT has to be added',
    );
  }
  if (failure === null && exitCode === 0 && lastError !== null && !keepsTransactions) {
    const message = `The script sets ON_ERROR_ROLLBACK, so that an error may have taken a whole transaction with it: remove that line (${lastError})`;
    return new RuntimeError('archive_unusable', message);
  }
  if (failure !== null || exitCode === 0 || exitCode === null) return failure;
  if (exitCode === 3) {
    const said = lastError === null ? '' : ` (${lastError})`;
    const message = `The script sets ON_ERROR_STOP, and stops at what could be left out: remove that line${said}`;
    return new RuntimeError('load_failed', message);
  }
  // What psql ends with when it gets no connection, or loses it.
  if (exitCode === 2) return new RuntimeError('unavailable', 'PostgreSQL was lost while the script ran');
  const message = `psql ended with ${exitCode}: it was killed, or ran out of memory at a statement that is too long`;
  return new RuntimeError('load_failed', message);
}
