import type { Logger } from '../../../domain/logger.js';

/** Clears something away, now or, where that fails, the next time that somebody tries. */
export async function orLater(logger: Logger, work: () => Promise<void>, signal: AbortSignal): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (signal.aborted) throw error;
    logger.warn({ err: error }, 'what a load has left could not be removed');
  }
}
