import { RuntimeError } from '../../runtime-error.js';
import { NO_SPACE } from '../sql/sql-error.js';
import type { RestoreError } from './restore-messages.js';

/**
 * What an error of pg_restore means. `refused`: PostgreSQL did not take something. `unreadable`: the archive is to
 * blame. `lost`: the connection or the memory is. `died`: one of its processes, which mostly said why before.
 */
export type RestoreVerdict = 'refused' | 'unreadable' | 'full' | 'lost' | 'died';

const LOST =
  /server closed the connection|connection to server|could not connect|terminating connection|no connection to the server|out of memory|database system is|SSL connection/i;

export function judgeRestore({ message }: Pick<RestoreError, 'message'>): RestoreVerdict {
  if (/no space left on device/i.test(message)) return 'full';
  if (LOST.test(message)) return 'lost';
  if (/worker process died/.test(message)) return 'died';
  if (/\b(ERROR|FATAL|PANIC): {2}/.test(message)) return 'refused';
  return 'unreadable';
}

const TOLD = 3;

/** What to say of a pg_restore that failed; `null` when it said nothing. */
export function restoreFailure(
  errors: readonly RestoreError[],
  skippedExtensions: readonly string[],
): RuntimeError | null {
  if (errors.length === 0) return null;
  const verdicts = errors.map(judgeRestore);
  const has = (verdict: RestoreVerdict) => verdicts.includes(verdict);
  const reasons = errors.filter((error, at) => verdicts[at] !== 'died');
  const told = (reasons.length > 0 ? reasons : errors)
    .slice(0, TOLD)
    .map(({ entry, message }) => (entry ? `${entry}: ${message}` : message));
  const said = told.join(' | ');
  if (has('full')) return new RuntimeError('no_space', `${NO_SPACE} (${said})`);
  // Whoever loses PostgreSQL may say more than that.
  if (has('lost') || reasons.length === 0) {
    return new RuntimeError('unavailable', `PostgreSQL was lost while it was loaded: ${said}`);
  }
  if (has('unreadable')) {
    return new RuntimeError('archive_unusable', `The archive cannot be read to its end: ${said}`);
  }
  const hint =
    skippedExtensions.length === 0
      ? ''
      : `. Left out before were the extensions ${skippedExtensions.join(', ')}, which what failed may need`;
  return new RuntimeError('load_failed', `PostgreSQL refused a part of it: ${said}${hint}`);
}
