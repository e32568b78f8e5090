import type { Response } from 'express';
import { pipeline } from 'node:stream/promises';
import type { Reply } from './endpoint.js';

/**
 * A stream that fails under way is cut: the length that was promised, or the end that is missing, tells. Who has gone
 * is told nothing.
 */
export async function sendStream(
  res: Response,
  { status, headers }: Reply,
  open: NonNullable<Reply['stream']>,
): Promise<void> {
  const gone = new AbortController();
  res.once('close', () => gone.abort());
  const failures: unknown[] = [];
  const next = async (pieces: AsyncIterator<Buffer>) => {
    try {
      return await pieces.next();
    } catch (error) {
      if (!gone.signal.aborted) failures.push(error);
      throw error;
    }
  };
  try {
    const pieces = (await open(gone.signal))[Symbol.asyncIterator]();
    try {
      // What cannot be read at all can still be answered otherwise.
      const first = await next(pieces);
      res.status(status).set(headers ?? {});
      await pipeline(async function* () {
        for (let piece = first; piece.done !== true; piece = await next(pieces)) yield piece.value;
      }, res);
    } finally {
      await pieces.return?.();
    }
  } catch (error) {
    if (failures.length > 0 || !gone.signal.aborted) throw error;
  }
}
