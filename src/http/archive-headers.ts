import type { App, Database, Timestamp } from '../domain/records.js';

/** The headers of an archive that is sent, which has a telling name. */
export function archiveHeaders(
  app: Pick<App, 'slug'>,
  database: Pick<Database, 'name'>,
  at: Timestamp,
): Record<string, string> {
  const time = at.slice(0, 19).replaceAll(':', '-');
  return {
    'Content-Type': 'application/octet-stream',
    'Content-Disposition': `attachment; filename="${app.slug}-${database.name}-${time}Z.dump"`,
  };
}
