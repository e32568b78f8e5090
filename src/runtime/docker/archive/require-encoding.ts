import { RuntimeError } from '../../runtime-error.js';
import type { Execs } from '../engine/exec.js';
import type { PlacedArchive } from './list-archive.js';

const DEADLINE_MS = 10 * 60_000;

/**
 * Rejects with `archive_unusable` an archive whose text is in no known encoding. PostgreSQL would take any bytes of it
 * for text without looking, and nothing that is dumped of that could be loaded again.
 */
export async function requireEncoding(
  execs: Execs,
  { containerId, path }: PlacedArchive,
  signal: AbortSignal,
): Promise<void> {
  // Nothing but what comes before all entries.
  const argv = ['pg_restore', '--use-list=/dev/null', '--file=-', path];
  const request = { containerId, argv, user: 'postgres', stdin: '', deadlineMs: DEADLINE_MS };
  const { exitCode, stdout } = await execs.run(request, signal);
  // Without an answer it is not known, and not taken for known.
  if (exitCode !== 0) {
    throw new RuntimeError('unavailable', `pg_restore ended with ${exitCode} and did not tell an encoding`);
  }
  if (isOfNoEncoding(stdout)) throw unknownEncoding();
}

/** Whether what a dump begins with says that its text is just bytes. */
export function isOfNoEncoding(head: string): boolean {
  return /^SET client_encoding = 'SQL_ASCII';$/m.test(head);
}

export function unknownEncoding(): RuntimeError {
  return new RuntimeError(
    'archive_unusable',
    'It comes from a database without an encoding (SQL_ASCII), and what is no UTF-8 in it could not be backed up any more: make it again with pg_dump --encoding=UTF8, or with the encoding that its text is in, such as --encoding=LATIN1',
  );
}
