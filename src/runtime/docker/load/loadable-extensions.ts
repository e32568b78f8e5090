import type { Execs } from '../engine/exec.js';
import { asSuperuser } from '../sql/superuser.js';

/** The extensions of a server that somebody who is no superuser may create, and those that every database has. */
export async function loadableExtensions(
  execs: Execs,
  postgresId: string,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const question = `
    SELECT name FROM pg_available_extension_versions WHERE trusted OR NOT superuser GROUP BY name
    UNION SELECT extname FROM pg_extension`;
  const rows = await asSuperuser(
    execs,
    postgresId,
    (session) => session.query<{ name: string }>(question),
    signal,
  );
  return new Set(rows.map(({ name }) => name));
}
