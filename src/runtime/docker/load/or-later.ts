import type { Logger } from '../../../domain/logger.js';
import { RuntimeError } from '../../runtime.js';

/** Clears something away, now or, where that fails, the next time that somebody tries. */
export async function orLater(logger: Logger, work: () => Promise<void>, signal: AbortSignal): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (signal.aborted || !(error instanceof RuntimeError)) throw error;
    logger.warn({ err: error }, 'what a load has left could not be removed');
  }
}
