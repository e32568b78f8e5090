import { RuntimeError } from '../../runtime.js';
import type { RestoreError } from './restore-messages.js';
import { NO_SPACE } from '../sql/sql-error.js';

/**
 * What an error of pg_restore means. `harmless`: nothing is missing for it. `refused`: PostgreSQL did not take
 * something. `unreadable`: the archive is to blame. `lost`: the connection or the memory is.
 */
export type RestoreVerdict = 'harmless' | 'refused' | 'unreadable' | 'full' | 'lost';

const HARMLESS = [
  // A client that is newer than its server sets what the server does not know.
  /^ERROR: {2}unrecognized configuration parameter "transaction_timeout"/,
  /^ERROR: {2}schema "public" already exists/,
];

const LOST =
  /server closed the connection|connection to server|could not connect|terminating connection|no connection to the server|out of memory|worker process died|database system is|SSL connection/i;

export function judgeRestore({ message }: Pick<RestoreError, 'message'>): RestoreVerdict {
  if (HARMLESS.some((pattern) => pattern.test(message))) return 'harmless';
  if (/no space left on device/i.test(message)) return 'full';
  if (LOST.test(message)) return 'lost';
  if (/\b(ERROR|FATAL|PANIC): {2}/.test(message)) return 'refused';
  return 'unreadable';
}

const TOLD = 3;

/** What to say of errors that are not harmless; `null` when there is none. */
export function restoreFailure(
  errors: readonly RestoreError[],
  count: number,
  skippedExtensions: readonly string[],
): RuntimeError | null {
  const judged = errors
    .map((error) => ({ ...error, verdict: judgeRestore(error) }))
    .filter(({ verdict }) => verdict !== 'harmless');
  const [first] = judged;
  if (!first) return null;
  const has = (verdict: RestoreVerdict) => judged.some((error) => error.verdict === verdict);
  const told = judged.slice(0, TOLD).map(({ entry, message }) => (entry ? `${entry}: ${message}` : message));
  const more = count > TOLD ? ` … and ${count - told.length} more errors` : '';
  const said = `${told.join(' | ')}${more}`;
  if (has('full')) return new RuntimeError('no_space', `${NO_SPACE} (${said})`);
  // Of several at once, one that cannot read on takes the others with it.
  if (has('unreadable')) {
    return new RuntimeError('archive_unusable', `The archive cannot be read to its end: ${said}`);
  }
  if (has('lost')) return new RuntimeError('unavailable', `PostgreSQL was lost while it was loaded: ${said}`);
  const hint =
    skippedExtensions.length === 0
      ? ''
      : `. Left out before were the extensions ${skippedExtensions.join(', ')}, which what failed may need`;
  return new RuntimeError('load_failed', `PostgreSQL refused a part of it: ${said}${hint}`);
}
