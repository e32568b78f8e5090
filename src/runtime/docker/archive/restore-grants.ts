import { RuntimeError } from '../../runtime-error.js';
import type { Execs } from '../engine/exec.js';
import { putText } from '../files/put-text.js';
import type { Connection } from '../sql/connection.js';
import { withoutSecrets } from '../without-secrets.js';
import type { PlacedArchive } from './list-archive.js';
import type { TocEntry } from './table-of-contents.js';

const DEADLINE_MS = 60 * 60_000;
const NO_CONNECTION = 2;

/**
 * A right that somebody has passed on is in the archive as granted in a session of theirs, which only a superuser
 * could open. Who has their role can grant in its name. Roles that were made for one dump or load, to which a tenant has
 * granted something meanwhile, are nowhere else.
 */
const SCRIPT = `
set -e
pg_restore --use-list="$2" --file="$3" "$1"
sed -e '/ \\(TO\\|FROM\\) paasdb_\\(dump\\|load\\)_[a-z0-9_]*\\( WITH GRANT OPTION\\)\\{0,1\\};$/d' \\
  -e 's/^SET SESSION AUTHORIZATION /SET ROLE /' \\
  -e 's/^RESET SESSION AUTHORIZATION;$/RESET ROLE;/' "$3" > "$3.roles"
exec psql -X -q -w -v ON_ERROR_STOP=1 -f "$3.roles"
`;

export function isGrant({ text }: Pick<TocEntry, 'text'>): boolean {
  return /^(DEFAULT )?ACL /.test(text);
}

/** Gives the rights that are in an archive, in the name of whoever gave them. */
export async function restoreGrants(
  execs: Execs,
  {
    archive,
    connection,
    entries,
  }: { archive: PlacedArchive; connection: Connection; entries: readonly TocEntry[] },
  signal: AbortSignal,
): Promise<void> {
  const { containerId, path } = archive;
  const listPath = `${path}.grants-list`;
  const text = entries.map(({ line }) => `${line}\n`).join('');
  await putText(execs, { containerId, path: listPath, text }, signal);
  const { exitCode, stderr } = await execs.run(
    {
      containerId,
      program: 'pg_restore',
      argv: ['sh', '-c', SCRIPT, 'sh', path, listPath, `${path}.grants.sql`],
      env: connection,
      user: 'postgres',
      stdin: '',
      deadlineMs: DEADLINE_MS,
    },
    signal,
  );
  if (exitCode === 0) return;
  const said = withoutSecrets(
    stderr
      .trim()
      .replaceAll(/\s*\n\s*/g, ' | ')
      .slice(-1000),
  );
  const lost = exitCode === NO_CONNECTION || said === '';
  throw new RuntimeError(
    lost ? 'unavailable' : 'load_failed',
    `Giving the rights back failed: ${said || `psql ended with ${exitCode}`}`,
  );
}
