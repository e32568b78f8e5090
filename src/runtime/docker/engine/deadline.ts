import { types } from 'node:util';

/** Thrown by `withDeadline` when the time is over. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';
}

/**
 * Runs `work` and rejects after `ms` milliseconds, or at once when `signal` aborts, whatever `work` does: a
 * response that is cut in its body leaves dockerode's promise pending for ever, and no option of it helps.
 * The signal that `work` gets aborts in both cases. Rejects with a DeadlineError, or the signal's reason.
 */
export function withDeadline<T>(
  ms: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const inner = new AbortController();
    const settle = (act: () => void) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      act();
    };
    const giveUp = (reason: Error) => {
      settle(() => reject(reason));
      inner.abort(reason);
    };
    const onAbort = () => giveUp(reasonOf(signal));
    const timer = setTimeout(() => giveUp(new DeadlineError(`no answer within ${ms} ms`)), ms);
    if (signal.aborted) {
      onAbort();
      return;
    }
    signal.addEventListener('abort', onAbort, { once: true });
    const run = async () => {
      try {
        const value = await work(inner.signal);
        settle(() => resolve(value));
      } catch (error) {
        settle(() => reject(asError(error)));
      }
    };
    void run();
  });
}

/** A signal that aborts `ms` milliseconds after another does. `release` it when it is not needed any more. */
export function delayed(signal: AbortSignal, ms: number): { signal: AbortSignal; release: () => void } {
  const later = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const onAbort = () => {
    timer = setTimeout(() => later.abort(signal.reason), ms);
  };
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  const release = () => {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  };
  return { signal: later.signal, release };
}

/** Resolves after `ms` milliseconds; rejects with the signal's reason when it aborts. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      clearTimeout(timer);
      reject(reasonOf(signal));
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    if (signal.aborted) {
      onAbort();
      return;
    }
    signal.addEventListener('abort', onAbort, { once: true });
  });
}

function reasonOf(signal: AbortSignal): Error {
  return asError(signal.reason);
}

function asError(reason: unknown): Error {
  // Unlike `instanceof`, this knows errors of Node's own when a test runner has a realm of its own.
  return types.isNativeError(reason) ? reason : new Error(String(reason));
}
