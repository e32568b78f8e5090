import { RESERVE, roomToWrite } from '../../domain/disk-reserve.js';
import { RuntimeError } from '../runtime-error.js';
import type { Execs } from './engine/exec.js';
import { Lines } from './engine/lines.js';
import { Together } from './together.js';

/** Tells the room of the file system that a folder lies on each second, for as long as the container runs. */
const WATCH = 'while df -Pk "$1"; do sleep 1; done';

/** A folder of a container, of which PostgreSQL's programs write a lot on the same disk. */
export interface WatchedPlace {
  containerId: string;
  path: string;
}

/**
 * Does something that fills the Docker host's disk, unless and until no more of it is left than the databases that run
 * there need. A disk that cannot be watched stops nothing.
 */
export async function whileRoom<T>(
  execs: Execs,
  { containerId, path }: WatchedPlace,
  work: (signal: AbortSignal) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const together = new Together(signal);
  const done = new AbortController();
  const lines = new Lines((line) => {
    if (!done.signal.aborted && isShort(line)) together.fail(new RuntimeError('no_space', SHORT));
  });
  const request = { containerId, argv: ['sh', '-c', WATCH, 'sh', path], user: 'postgres', stdin: '' };
  const watch = execs.follow(
    request,
    async ({ stdout }) => {
      for await (const chunk of stdout) lines.add(chunk);
    },
    AbortSignal.any([together.signal, done.signal]),
  );
  const [result] = await together.all(
    work(together.signal).finally(() => done.abort()),
    watch.catch(() => undefined),
  );
  return result;
}

const SHORT = `The disk of the Docker host has no more room than the databases there need (${RESERVE}): make some, then try again`;

function isShort(line: string): boolean {
  const [, total, available] = /\s(\d+)\s+\d+\s+(\d+)\s+\d+%\s/.exec(line) ?? [];
  if (total === undefined) return false;
  return roomToWrite({ totalBytes: Number(total) * 1024, availableBytes: Number(available) * 1024 }) <= 0;
}
