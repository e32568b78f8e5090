import type { ApiDeps } from '../api-deps.js';
import { archiveHeaders } from '../archive-headers.js';
import { endpoint } from '../endpoint.js';
import { requireReady } from '../require-ready.js';

export const exportDatabaseEndpoint = ({
  store,
  exportDatabase,
}: Pick<ApiDeps, 'store' | 'exportDatabase'>) =>
  endpoint({
    id: 'exportDatabase',
    method: 'get',
    scope: 'database',
    path: '/export',
    role: 'admin',
    summary: 'The dump of a database as it is now, for pg_restore; audited',
    description:
      'Nothing of it is stored, and its length is not known before. The connection is cut when the dump fails under way: what ends without its last chunk is no dump.',
    responses: {
      200: {
        description: 'An archive in the custom format of pg_dump.',
        stream: 'application/octet-stream',
      },
    },
    handle: ({ scope: { app, database }, audit }) => {
      requireReady(database, 'exported');
      audit('database.export', `${app.slug}/${database.name}`, { databaseId: database.id });
      return {
        status: 200,
        headers: archiveHeaders(app, database, store.now()),
        stream: (signal) => Promise.resolve(exportDatabase(database, signal)),
      };
    },
  });
