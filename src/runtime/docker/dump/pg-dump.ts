import { TENANT_DATABASE } from '../../../domain/environment.js';
import type { Compression } from '../../runtime.js';
import { RuntimeError } from '../../runtime-error.js';
import type { ProgramExit } from '../engine/exec.js';
import { adviceOn } from '../sql/advice-on.js';
import { withoutSecrets } from '../without-secrets.js';

/**
 * Shorter than that of the session whose snapshot it is: who waits behind a migration that waits for that
 * session would wait for ever, and all of the tenant's queries behind it.
 */
const LOCK_TIMEOUT = '10s';

/**
 * By measure, of text, jsonb and numbers: zstd at 1 is smaller than gzip at its usual 6, and takes a third less processor
 * time than at 3, which is hardly smaller. gzip takes more than twice as long at 6 as at 3, to be smaller by a sixteenth.
 */
const LEVEL: Record<Compression, string> = { zstd: 'zstd:1', gzip: '3' };

export function compressionOption(compression: Compression): string {
  return `--compress=${LEVEL[compression]}`;
}

/** pg_dump of the tenant's database, over the local socket, which asks for no password. */
export function pgDumpArgv({
  role,
  snapshot,
  compression,
}: {
  role: string;
  snapshot: string;
  compression: Compression;
}): string[] {
  return [
    'pg_dump',
    '--format=custom',
    compressionOption(compression),
    `--snapshot=${snapshot}`,
    `--username=${role}`,
    // Its own: of those that it belongs to none has the rights of all.
    `--role=${role}`,
    '--no-password',
    '--encoding=UTF8',
    `--lock-wait-timeout=${LOCK_TIMEOUT}`,
    `--dbname=${TENANT_DATABASE}`,
  ];
}

/** The version in what `pg_dump --version` prints; `null` when it is none. */
export function parseVersion(text: string): string | null {
  return /^pg_dump \(PostgreSQL\) (\S+)/.exec(text)?.[1] ?? null;
}

const TOLD_LINES = 8;

/** @param printed what came instead of an archive */
export function pgDumpFailure({ exitCode, stderr }: ProgramExit, printed = ''): RuntimeError {
  const lines = `${stderr}\n${printed}`.split('\n').map((line) => withoutSecrets(line.trim()));
  const said = lines
    .filter((line) => line !== '')
    .slice(-TOLD_LINES)
    .join(' | ');
  if (said === '') {
    const message = `pg_dump ended with ${exitCode} and said nothing: it was killed, or the connection to Docker was lost`;
    return new RuntimeError('dump_failed', message);
  }
  return new RuntimeError('dump_failed', `pg_dump ended with ${exitCode}: ${said}${adviceOn(said)}`);
}
