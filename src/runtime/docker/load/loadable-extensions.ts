import type { Session } from '../sql/session.js';

/** The extensions of a server that somebody who is no superuser may create, and those that every database has. */
export async function loadableExtensions(session: Session): Promise<ReadonlySet<string>> {
  const rows = await session.query<{ name: string }>(`
    SELECT name FROM pg_available_extension_versions WHERE trusted OR NOT superuser GROUP BY name
    UNION SELECT extname FROM pg_extension`);
  return new Set(rows.map(({ name }) => name));
}
