import type { FileHandle } from 'node:fs/promises';
import { onDisk } from './storage-error.js';

const FLUSH_BYTES = 16 * 1024 ** 2;

/**
 * Writes pieces to an empty file, as fast as the disk takes them, and resolves once it keeps them all. It is made to
 * take them while they come: at the end there would be all of them to wait for. What fails the pieces is passed on as
 * it is.
 */
export async function writeThrough(
  file: FileHandle,
  path: string,
  pieces: AsyncIterable<Buffer>,
): Promise<void> {
  const flushing = new Flushing(() => onDisk(path, () => file.datasync()));
  let unflushed = 0;
  try {
    for await (const piece of pieces) {
      await onDisk(path, () => file.writeFile(piece));
      flushing.throwFailure();
      unflushed += piece.length;
      if (unflushed < FLUSH_BYTES || flushing.isRunning) continue;
      flushing.start();
      unflushed = 0;
    }
  } finally {
    await flushing.end();
  }
  flushing.throwFailure();
  await onDisk(path, () => file.sync());
}

/** One flush at a time beside what is written. What the disk could not keep it says once, and to one flush only. */
class Flushing {
  isRunning = false;
  private current: Promise<void> = Promise.resolve();
  private failure: { reason: unknown } | null = null;

  constructor(private readonly flush: () => Promise<void>) {}

  start(): void {
    this.isRunning = true;
    this.current = this.flush()
      .catch((reason: unknown) => {
        this.failure ??= { reason };
      })
      .finally(() => {
        this.isRunning = false;
      });
  }

  end(): Promise<void> {
    return this.current;
  }

  throwFailure(): void {
    if (this.failure) throw this.failure.reason;
  }
}
