import { posix } from 'node:path';
import type { SizedBytes } from '../../runtime.js';
import { RuntimeError } from '../../runtime-error.js';
import type { Engine } from '../engine/engine.js';
import { StallWatch } from '../engine/stall-watch.js';
import { tarOfPieces } from '../engine/tar.js';

/** How long nothing may come, or nothing be taken. */
const STALL_MS = 5 * 60_000;

/** Root's, so that a program in the container reads it and does not write to it. */
const MODE = 0o444;

/**
 * Puts bytes into a file of a container. The engine writes it, straight from the request: over the stdin of a program
 * they would be copied three times more. It is whole once this resolves.
 */
export async function putFile(
  { containers }: Pick<Engine, 'containers'>,
  { containerId, path, open, sizeBytes }: SizedBytes & { containerId: string; path: string },
  signal: AbortSignal,
): Promise<void> {
  const stop = new AbortController();
  const give = (message: string) => () => stop.abort(new RuntimeError('unavailable', message));
  const seconds = STALL_MS / 1000;
  const arriving = new StallWatch(STALL_MS, give(`Nothing of what is to be loaded came within ${seconds} s`));
  const stuck = give(`The Docker host took nothing within ${seconds} s: is its disk stuck?`);
  let taking: NodeJS.Timeout | undefined;
  async function* pieces() {
    for await (const piece of arriving.over(open())) {
      taking = setTimeout(stuck, STALL_MS);
      try {
        yield piece;
      } finally {
        clearTimeout(taking);
      }
    }
    taking = setTimeout(stuck, STALL_MS);
  }
  const { dir, base } = posix.parse(path);
  const archive = tarOfPieces({ name: base, mode: MODE, size: sizeBytes }, pieces());
  try {
    await containers.putPieces(containerId, dir, archive, AbortSignal.any([signal, stop.signal]));
  } catch (error) {
    throw stop.signal.aborted && !signal.aborted ? stop.signal.reason : error;
  } finally {
    clearTimeout(taking);
  }
}
